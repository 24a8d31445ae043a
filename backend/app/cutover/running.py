"""The program: both ports in one process, until it is told to stop."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app import logs
from app.config import Settings
from app.cutover.assembling import Parts, Plan, course, parts
from app.cutover.relaying import problem_body
from app.server import listen, serve, url_of

log = logging.getLogger("app.cutover")

_LOOPBACK = "127.0.0.1"


class Program:
    """An ASGI application for both ports; by which one a request came says which half answers."""

    def __init__(self, made: Parts, admin_port: int) -> None:
        self._parts, self._admin_port = made, admin_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["server"][1] == self._admin_port:
            await self._parts.admin(scope, receive, send)
        else:
            await self._parts.front(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with _working(self._parts):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def _working(made: Parts) -> AsyncIterator[None]:
    """The connections to both sides, and what goes on beside requests."""
    async with made.old, made.new:
        tasks = [asyncio.create_task(work) for work in (made.changing.watch(), made.resyncing.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def run(plan: Plan, settings: Settings, admin_port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises `ListenError`, `StateTaken`, `JournalError` and `OSError`."""
    logs.configure(settings)
    with (
        plan.place.held(),
        listen(settings.host, settings.port) as front,
        listen(_LOOPBACK, admin_port) as admin,
    ):
        found = course(plan)
        plan.place.tell(url_of(admin[0]))
        program = Program(parts(plan, found), admin[0].getsockname()[1])

        def announce() -> None:
            sides = url_of(front[0]), plan.old, plan.new
            log.info("stage %s: %s is in front of %s (old) and %s (new)", found.stage.name, *sides)
            log.info("status and stages: %s", url_of(admin[0]))

        serve(program, settings, [*front, *admin], announce, _refused)


def _refused(status: int, sentence: str) -> Response:
    again = {"Retry-After": "1"} if status == 503 else {}
    return Response(
        problem_body(status, sentence), status, {"Connection": "close", **again}, "application/problem+json"
    )
