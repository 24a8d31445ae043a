"""What a developer asks for to see how a frontend takes it: slow answers and refused writes, as json-server 0.17."""

import asyncio
import re

from starlette.responses import Response
from starlette.types import Scope

from app.api.error_handlers import of_problem
from app.config import LONGEST_DELAY, Settings
from app.errors import ReadOnly

_READS = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1; json-server also refuses HEAD
_DELAY = re.compile(rb"(?:^|&)_delay=(\d{1,6})")  # more digits than the longest has


class Rehearsal:
    """403 to whatever would write, at once (READ_ONLY); each other request is held back for as long as the server was
    told (DELAY) and the request asks for (`_delay`)."""

    def __init__(self, settings: Settings) -> None:
        self._read_only, self._delay = settings.read_only, settings.delay

    async def refusal(self, scope: Scope) -> Response | None:
        if self._read_only and scope["method"] not in _READS:
            return of_problem(ReadOnly())
        if wait := total(self._delay, scope["query_string"]):
            await asyncio.sleep(wait / 1000)
        return None


def rehearsal(settings: Settings) -> Rehearsal | None:
    """None in production."""
    return Rehearsal(settings) if settings.environment == "development" else None


def total(milliseconds: int, query: bytes) -> int:
    """These milliseconds and those that the query asks for, at most `LONGEST_DELAY`."""
    asked = _DELAY.search(query)
    return min(milliseconds + int(asked[1] if asked else 0), LONGEST_DELAY)
