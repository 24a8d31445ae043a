"""The operator's port: what there is to know, and the stage. On this machine's own address alone.

A web page must not change the stage: no CORS, a body that says it is JSON (which a page of another origin may send only
after a preflight that nobody answers), and a `Host` that is this machine's own, whatever name was made to lead here.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.cutover.changing import Changing, NotChanged
from app.cutover.course import Course
from app.cutover.stages import StageName

_OWN = frozenset(("127.0.0.1", "::1", "localhost"))


class Refusal(Exception):
    """What was asked for is not done; `sentence` says why."""

    def __init__(self, status: int, sentence: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.errors = status, sentence, errors or {}


class Wanted(BaseModel):
    """Of `PUT /stage`."""

    model_config = ConfigDict(extra="forbid")

    stage: StageName
    share: Annotated[int | None, Field(ge=0, le=100)] = None
    anyway: Annotated[str, Field(max_length=500)] = ""
    """Why it may be although something speaks against it."""


class GivenUp(BaseModel):
    """Of `POST /given-up`: a record that the side that follows will not take, and need not."""

    model_config = ConfigDict(extra="forbid")

    resource: str
    id: str


Body = TypeVar("Body", bound=BaseModel)
Page = Callable[[], Response | Awaitable[Response]]


@dataclass
class Admin:
    """An ASGI application. `pages`: what GET answers, by path."""

    course: Course
    changing: Changing
    pages: Mapping[str, Page]
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            _demand_own_host(request)
            response = await self._answered(request)
        except Refusal as error:
            response = _problem(error)
        response.headers["cache-control"] = "no-store"
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        match request.method, request.url.path:
            case "GET" | "HEAD", path if path in self.pages:
                found = self.pages[path]()
                return found if isinstance(found, Response) else await found
            case "PUT", "/stage":
                return await self._set_stage(await _body(request, Wanted))
            case "POST", "/given-up":
                return self._give_up(await _body(request, GivenUp))
        raise Refusal(404, f"There is PUT /stage, POST /given-up, and GET {', '.join(self.pages)}.")

    async def _set_stage(self, wanted: Wanted) -> Response:
        """Answered when it is done. Who does not wait for that breaks nothing off."""
        task = asyncio.create_task(self.changing.ask(wanted.stage, wanted.share, wanted.anyway.strip()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.shield(task)
        except NotChanged as error:
            raise Refusal(409, f"Stage {self.course.stage.name} stays: {error}.") from error
        return as_json({"stage": self.course.stage.name, "share": self.course.flags.share})

    def _give_up(self, record: GivenUp) -> Response:
        key = (record.resource, record.id)
        if key not in self.course.journal.refused:
            raise Refusal(404, "No such record was refused.")
        self.course.journal.forgive(key)
        self.course.say(f"given up: a record of {record.resource}")
        return as_json({"refused": len(self.course.journal.refused)})


def as_json(said: Any, status: int = 200, media_type: str = "application/json") -> Response:
    return Response(json.dumps(said, ensure_ascii=False, indent=2) + "\n", status, media_type=media_type)


def _problem(refusal: Refusal) -> Response:
    said = {"status": refusal.status, "detail": refusal.sentence, "errors": refusal.errors}
    return as_json(said, refusal.status, "application/problem+json")


def _demand_own_host(request: Request) -> None:
    with suppress(ValueError):  # of brackets that are not closed
        if urlsplit(f"//{request.headers.get('host', '')}").hostname in _OWN:
            return
    raise Refusal(403, "This port is for this machine: ask for 127.0.0.1.")


async def _body(request: Request, shape: type[Body]) -> Body:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "The body must be application/json.")
    try:
        return shape.model_validate_json(await request.body())
    except ValidationError as error:
        errors = {".".join(map(str, fault["loc"])) or "body": fault["msg"] for fault in error.errors()}
        raise Refusal(400, "; ".join(f"{name}: {why}" for name, why in errors.items()), errors) from error
