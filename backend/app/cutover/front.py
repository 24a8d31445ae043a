"""The address that clients have: each request goes on to a side, and its answer comes back as it is.

What belongs to one connection alone stays there (RFC 9110, 7.6.1). `Host` is the side's own, so that it may stand
behind a router; `X-Forwarded-Host` has the client's, and where a side names its own address in an answer, the client's
stands in its place. `X-Answered-By` says which side it was.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from app.cutover.addresses import Target, target
from app.cutover.asking import Answered, Unavailable
from app.cutover.course import Course
from app.cutover.exchanges import Request
from app.cutover.reading import Reading
from app.cutover.relaying import Gone, received, send_on, send_problem
from app.cutover.replies import Doubtful
from app.cutover.sides import SAFE, Side
from app.cutover.stages import SideName
from app.cutover.writing import Writing
from app.resource.resource import Resource


@dataclass
class Front:
    """An ASGI application. `resources` by path."""

    course: Course
    sides: Mapping[SideName, Side]
    resources: Mapping[str, Resource]
    reading: Reading
    writing: Writing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request, rest = await received(scope, receive)
            asked = target(request.path, self.resources)
            answered = await self._answered(request, asked, rest, _client(scope, request))
        except Unavailable as error:
            await send_problem(send, 503, str(error), [(b"retry-after", b"1"), *_permission(scope)])
        except Gone:
            return
        else:
            self._count(asked, answered)
            await self._send(scope, send, answered)

    async def _answered(
        self, request: Request, asked: Target, rest: AsyncIterator[bytes] | None, client: str
    ) -> Answered:
        if request.method in SAFE:
            return await self.reading.read(request, asked, client)
        return await self.writing.write(request, asked, rest)

    def _count(self, asked: Target, answered: Answered) -> None:
        reply = answered.reply
        self.course.status.answered(answered.by, reply.status, reply.seconds)
        if asked.kind == "other" and asked.resource and answered.by == "old" and reply.status < 400:
            self.course.status.stranger(asked.resource)

    async def _send(self, scope: Scope, send: Send, answered: Answered) -> None:
        own = self.sides[answered.by].url
        here = next((f"{scope['scheme']}://{host.decode('latin-1')}" for host in _fields(scope, b"host")), own)
        by = (b"x-answered-by", answered.by.encode())
        try:
            await send_on(send, answered.reply, [by], (own.encode(), here.encode("latin-1")))
        except Doubtful as error:  # it goes on to whoever serves this: the client's connection must break too
            self.course.failed(answered.by, str(error))
            raise


def _client(scope: Scope, request: Request) -> str:
    """What tells clients apart: a browser on a machine keeps its side."""
    host, _ = scope["client"] or ("", 0)
    return f"{host} {request.headers.get('x-forwarded-for', '')} {request.headers.get('user-agent', '')}"


def _permission(scope: Scope) -> list[tuple[bytes, bytes]]:
    """A page may read why it was refused; both sides are asked who else may."""
    return [(b"access-control-allow-origin", origin) for origin in _fields(scope, b"origin")]


def _fields(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]
