"""A write: the leading side first, under one lock, and what it answered copied to the other as a whole record.

The journal says before the first side is asked which record may differ, and no more once both are equal. Who asked has
the leading side's answer when the other has been asked too, or when it is on record that it is owed.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from app.cutover.addresses import Target
from app.cutover.asking import AWAY, NO_ROOM, Answered, Asking, Unavailable
from app.cutover.course import Course
from app.cutover.exchanges import Request
from app.cutover.following import Following
from app.cutover.minting import Minting
from app.cutover.replies import Refused


@dataclass
class Writing:
    course: Course
    asking: Asking
    following: Following
    minting: Minting
    under_way: set["asyncio.Task[Answered]"] = field(default_factory=set)

    async def write(self, request: Request, target: Target, rest: AsyncIterator[bytes] | None = None) -> Answered:
        """`rest` is what of the body still comes, where one side alone is written. Raises `Unavailable`.

        A client that has gone breaks nothing off: half a write would be a difference.
        """
        task = asyncio.create_task(self._write(request, target, rest))
        self.under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Task[Answered]") -> None:
        """Its exception counts as seen: nobody may be there any more to hear of it."""
        self.under_way.discard(task)
        _ = task.cancelled() or task.exception()

    async def _write(self, request: Request, target: Target, rest: AsyncIterator[bytes] | None) -> Answered:
        try:
            if target.kind == "other" or not self.course.noted:
                return await self._alone(request, target, rest)
            whole = replace(request, body=request.body + b"".join([piece async for piece in rest])) if rest else request
            async with self.course.lock:
                return await (self._noted(whole, target) if self.course.noted else self._alone(whole, target))
        except Refused as error:
            raise Unavailable(AWAY) from error
        except OSError as error:
            raise Unavailable(NO_ROOM) from error

    async def _alone(self, request: Request, target: Target, rest: AsyncIterator[bytes] | None = None) -> Answered:
        leads = self.course.side_of_others if target.kind == "other" else self.course.stage.leads
        return Answered(leads, await self.asking.write(leads, request, rest))

    async def _noted(self, request: Request, target: Target) -> Answered:
        if self.course.behind:
            await asyncio.sleep(self.course.pace)
        if (why := self.course.tripped()) and self.course.may_fall_back():
            self.course.fall_back(why)
        if target.kind == "list" and request.method == "POST" and self.minting.needed:
            return await self.minting.create(request, target)
        return await self._led(request, target)

    async def _led(self, request: Request, target: Target) -> Answered:
        leads, queued = self.course.stage.leads, self.course.behind or self.course.noting
        mark = self.course.journal.begin(target.resource, target.identity or None)
        try:
            reply = await self.asking.record(leads, request)
        except Refused as error:
            self.following.nothing_happened(mark)
            if self.course.may_fall_back():
                self.course.fall_back(f"the new side cannot be reached ({error})")
                return await self._led(request, target)
            raise
        await self.following.follow(request, target, mark, reply, queued=queued)
        return Answered(leads, reply)
