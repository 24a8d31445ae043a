"""What a developer asks for to see how a frontend takes it: slow answers and refused writes, as json-server 0.17.

Development only: in production there are no such layers.
"""

import asyncio
import re

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem
from app.config import LONGEST_DELAY, Settings
from app.errors import ReadOnly

_READS = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1; json-server also refuses HEAD
_DELAY = re.compile(rb"(?:^|&)_delay=(\d{1,6})")  # more digits than the longest has


def layers(settings: Settings) -> list[Middleware]:
    """Outermost first; what is refused is refused at once."""
    if settings.environment == "production":
        return []
    refusal = [Middleware(RefusedWrites)] if settings.read_only else []
    return [*refusal, Middleware(Delay, milliseconds=settings.delay)]


class RefusedWrites:
    """403 to whatever would write."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READS:
            return await self.app(scope, receive, send)
        await problem(ReadOnly.status, ReadOnly.detail)(scope, receive, send)


class Delay:
    """Holds each request back for as long as the server was told (DELAY) and the request asks for (`_delay`)."""

    def __init__(self, app: ASGIApp, milliseconds: int) -> None:
        self.app, self.milliseconds = app, milliseconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (wait := total(self.milliseconds, scope["query_string"])):
            await asyncio.sleep(wait / 1000)
        await self.app(scope, receive, send)


def total(milliseconds: int, query: bytes) -> int:
    """These milliseconds and those that the query asks for, at most `LONGEST_DELAY`."""
    asked = _DELAY.search(query)
    return min(milliseconds + int(asked[1] if asked else 0), LONGEST_DELAY)
