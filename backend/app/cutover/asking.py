"""One side asked on behalf of a client, and what came of it counted."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from app.cutover.course import Course
from app.cutover.exchanges import Request
from app.cutover.replies import Doubtful, Refused, Reply
from app.cutover.sides import Side
from app.cutover.stages import SideName

AWAY = "The server behind this address cannot be reached. Nothing was written; send the request again."
IN_DOUBT = "The server behind this address has not answered. Look whether it has written before sending it again."
NO_ROOM = "What is written cannot be noted now. Look whether this was before sending it again."


class Unavailable(Exception):
    """Nobody can answer; the text is a sentence for the client."""


@dataclass
class Answered:
    """`by` decided it."""

    by: SideName
    reply: Reply


@dataclass
class Asking:
    course: Course
    sides: Mapping[SideName, Side]

    async def write(self, side: SideName, request: Request, rest: AsyncIterator[bytes] | None = None) -> Reply:
        """Raises `Refused` where certainly nothing has happened; `Unavailable` where that is not known."""
        try:
            reply = await self.sides[side].send(request, rest)
        except Refused as error:
            self.course.failed(side, str(error))
            raise
        except Doubtful as error:
            self.course.failed(side, str(error))
            raise Unavailable(IN_DOUBT) from error
        self.outcome(side, reply)
        return reply

    async def record(self, side: SideName, request: Request) -> Reply:
        """As `write`, with all of the answer's body."""
        reply = await self.write(side, request)
        try:
            await reply.complete()
        except Doubtful as error:
            raise Unavailable(IN_DOUBT) from error
        return reply

    def outcome(self, side: SideName, reply: Reply) -> None:
        if reply.status >= 500:
            self.course.failed(side, str(reply.status))
        else:
            self.course.succeeded(side)
