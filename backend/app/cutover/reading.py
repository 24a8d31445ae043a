"""A read: which side answers it, and which instead if that one fails."""

import random
import zlib
from dataclasses import dataclass

from app.cutover.addresses import Target
from app.cutover.asking import Answered, Asking, Unavailable
from app.cutover.course import Course
from app.cutover.exchanges import Request
from app.cutover.replies import Lost, Reply
from app.cutover.shadow import Shadow
from app.cutover.stages import SideName, other

AWAY = "The server behind this address does not answer. Send the request again."


@dataclass
class Reading:
    course: Course
    asking: Asking
    shadow: Shadow

    async def read(self, request: Request, target: Target, client: str) -> Answered:
        """`client` is whatever tells one from another. Raises `Unavailable`."""
        side = self._side(target, client)
        reply = await self._asked(side, request)
        if reply and not _is_fault(side, request, target, reply):
            if not self.shadow.takes(request, target, side, reply):
                self.course.succeeded(side)
            return Answered(side, reply)
        if reply:
            self.course.failed(side, str(reply.status))
        if spare := await self._instead(other(side), request, target):
            return Answered(other(side), spare)
        if reply is None:
            raise Unavailable(AWAY)
        return Answered(side, reply)

    def _side(self, target: Target, client: str) -> SideName:
        """A record that the side that follows may not have yet is read from the one that leads."""
        stage = self.course.stage
        if not target.both:
            return self.course.side_of_others
        side = stage.reads or self._by_share(client)
        return stage.leads if side == stage.follows and self.course.behind else side

    def _by_share(self, client: str) -> SideName:
        flags = self.course.flags
        place = zlib.crc32(client.encode()) if flags.share_by == "client" else random.randrange(100)  # noqa: S311
        return "new" if place % 100 < flags.share else "old"

    async def _instead(self, side: SideName, request: Request, target: Target) -> Reply | None:
        """The other side's answer, unless that may be stale."""
        stage = self.course.stage
        if not target.both or stage.follows is None or (side == stage.follows and self.course.owes()):
            return None
        reply = await self._asked(side, request)
        if reply is None or _is_fault(side, request, target, reply):
            return None
        self.course.status.rescued(side)
        return reply

    async def _asked(self, side: SideName, request: Request) -> Reply | None:
        try:
            return await self.asking.sides[side].send(request)
        except Lost as error:
            self.course.failed(side, str(error))
            return None


def _is_fault(side: SideName, request: Request, target: Target, reply: Reply) -> bool:
    """Of the new side: its own words for a fault, or what is no record. json-server's 500s were there before."""
    if side == "old":
        return False
    json = "json" in reply.header("content-type")
    return reply.status >= 500 or (request.method == "GET" and target.both and reply.status == 200 and not json)
