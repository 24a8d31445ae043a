"""The side that did not answer a read is asked too, and the two answers compared. Nobody waits for it.

Never more than `SHADOWS` at once. Of what is known to differ nothing is compared: not while something is open in the
journal. What differs is looked at again while nobody writes: a fifth of the differences under load are a write between
two reads.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.cutover.addresses import Target
from app.cutover.comparable import Version
from app.cutover.comparing import Verdict, compare
from app.cutover.course import Course
from app.cutover.exchanges import Answer, Request
from app.cutover.falling_back import Ring
from app.cutover.replies import Lost, Reply
from app.cutover.sides import Side
from app.cutover.stages import SideName, other
from app.limits import SHADOWS
from app.resource.resource import Resource

_CONDITIONS = frozenset(("accept-encoding", "if-modified-since", "if-none-match", "if-range", "range"))
_PATIENCE = 3.0  # seconds of each answer for which writes wait


@dataclass
class Shadow:
    course: Course
    sides: Mapping[SideName, Side]
    resources: Sequence[Resource]
    version: Version
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def takes(self, request: Request, target: Target, side: SideName, reply: Reply) -> bool:
        """Compare this answer, if it is one to be compared; then what it says of the new side is counted here."""
        if not self._comparable(request, target, reply):
            return False
        if why := self._in_the_way(reply):
            self.course.status.not_compared(why)
            return False
        task = asyncio.create_task(self._look(request, side, reply, self.course.ring))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _comparable(self, request: Request, target: Target, reply: Reply) -> bool:
        sampled = random.random() * 100 < self.course.flags.compare  # noqa: S311 a sample is no secret
        compared = request.method == "GET" and target.both and self.course.stage.follows is not None
        return compared and sampled and reply.status not in (206, 304)

    def _in_the_way(self, reply: Reply) -> str:
        reasons = {"large": reply.rest is not None, "behind": self.course.behind, "busy": len(self._tasks) >= SHADOWS}
        return next((why for why, holds in reasons.items() if holds), "")

    async def _look(self, request: Request, side: SideName, reply: Reply, ring: Ring) -> None:
        """`ring`: of the stage in which it was asked. A stage that is over says nothing of the one in effect."""
        plain = replace(request, headers={k: v for k, v in request.headers.items() if k not in _CONDITIONS})
        try:
            another = await self._ask(other(side), plain, ring)
            verdict = await self._verdict(plain, {side: reply.answer(), other(side): another})
            if verdict.kind == "different":
                await self._look_again(plain, ring)
            else:
                self._count(plain, verdict, ring)
        except Lost:
            self.course.status.not_compared("unanswered")

    async def _look_again(self, request: Request, ring: Ring) -> None:
        """While nobody writes. Raises `Lost`."""
        async with self.course.lock:
            if self.course.behind or self.course.stage.follows is None:
                self.course.status.not_compared("behind")
                return
            both: dict[SideName, Answer] = {
                "old": await self._ask("old", request, ring),
                "new": await self._ask("new", request, ring),
            }
        verdict = await self._verdict(request, both)
        if verdict.kind == "different" and not _answers(both["old"]):
            self.course.status.not_compared("unanswered")
            return
        if verdict.kind != "different":
            self.course.status.raced()
        self._count(request, verdict, ring)

    async def _ask(self, side: SideName, request: Request, ring: Ring) -> Answer:
        try:
            answer = await self.sides[side].ask(request, _PATIENCE)
        except Lost as error:
            self._failed(side, str(error), ring)
            raise
        if answer.status >= 500:
            self._failed(side, str(answer.status), ring)
        return answer

    def _failed(self, side: SideName, why: str, ring: Ring) -> None:
        if ring is self.course.ring:
            self.course.failed(side, why)

    async def _verdict(self, request: Request, answers: Mapping[SideName, Answer]) -> Verdict:
        """In a thread, so that comparing long lists holds nobody up."""
        old, new = answers["old"], answers["new"]
        return await asyncio.to_thread(compare, request, old, new, self.resources, self.version)

    def _count(self, request: Request, verdict: Verdict, ring: Ring) -> None:
        if ring is not self.course.ring:
            return
        self.course.status.compared(verdict, request)
        if verdict.kind == "different":
            self.course.differed()
        else:
            self.course.succeeded("new")


def _answers(answer: Answer) -> bool:
    """Whether it is an answer of a json-server, and no fault: that is not the new side's. JSONP is a script."""
    media_type = answer.headers.get("content-type", "")
    return answer.status < 500 and (answer.status != 200 or "json" in media_type or "script" in media_type)
