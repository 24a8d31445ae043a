"""The side that follows is brought level by itself: what is open in the journal is copied, until nothing is.

In the order of the leading side's list, so that new records stand in one order on both. Nobody waits for it: a write
that comes meanwhile queues in the journal, and what was begun again since it was read stays open. Only for the last few
records writes wait.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from app.cutover.copying import Behind, Copying, NotTaken
from app.cutover.course import Course
from app.cutover.journal import Mark
from app.cutover.records import Record, alike_records, by_identity
from app.cutover.replies import Doubtful, Lost
from app.cutover.stages import SideName, other

_EVERY = 0.2  # seconds between looks
_PAUSE = 1.0  # seconds after a side has not answered
_FEW = 20  # records for which writers may wait
_AGAIN = 60.0  # seconds after which a refused record is offered once more


@dataclass
class Resyncing:
    course: Course
    copying: Copying
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """For ever."""
        offered = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(_EVERY)
            if self.course.stage.follows is None or self.course.noting:
                continue
            if asyncio.get_running_loop().time() > offered + _AGAIN:
                offered = asyncio.get_running_loop().time()
                async with self.course.lock:
                    self.offer_again()
            if not await self.level():
                await asyncio.sleep(_PAUSE)

    def offer_again(self) -> None:
        """What was refused: it may have been mended, or the rules of who refuses."""
        with suppress(OSError):
            for resource, identity in list(self.course.journal.refused):
                self.course.journal.begin(resource, str(identity))

    async def level(self) -> bool:
        """Copy what is open; False if a side did not answer, or the journal cannot be written.

        While something is owed the side that follows is asked by nobody else: that it is away is seen here.
        """
        try:
            await self.approach()
            async with self.course.lock:
                await self.round()
        except Behind as error:
            self.course.failed(other(self.course.stage.leads), str(error))
            return False
        except (Lost, OSError):
            return False
        return True

    async def approach(self) -> None:
        """Until little is open. Raises as `round`."""
        try:
            while len(self.course.journal.open) > _FEW:
                await self._timed_round()
        finally:
            self.course.pace = 0.0

    async def _timed_round(self) -> None:
        """Who writes meanwhile is held to half the pace of copying, or there would be no end."""
        async with self._turn:
            count, began = len(self.course.journal.open), time.monotonic()
            if count > _FEW:  # or the last one's writers may not queue any more
                await self._round()
                self.course.pace = 2 * (time.monotonic() - began) / count

    async def round(self) -> None:
        """All that is open now, once. Raises `Lost` and `Behind`, and `OSError` where the journal cannot be written."""
        async with self._turn:
            await self._round()

    async def _round(self) -> None:
        if self.copying.late:
            raise Doubtful("a write may still happen")
        leads = self.course.stage.leads
        for resource in {resource for resource, _ in self.course.journal.open}:
            marks = self._marks(resource)  # before the list: what is begun later is not in it, and stays open
            there = by_identity(await self.copying.list(leads, resource))
            if unknown := [mark for mark in marks if isinstance(mark.key[1], int)]:
                marks = [*marks, *await self._find(leads, resource, there, unknown)]
            for mark in _ordered(marks, there):
                await self._bring(leads, mark, there)

    def _marks(self, resource: str) -> Sequence[Mark]:
        return [self.course.journal.mark(key) for key in self.course.journal.open if key[0] == resource]

    async def _find(
        self, leads: SideName, resource: str, there: Mapping[str, Record], unknown: Sequence[Mark]
    ) -> Sequence[Mark]:
        """A record was created, nobody knows which: all that differ are open from now on."""
        try:
            follow = by_identity(await self.copying.list(other(leads), resource))
        except Lost as error:
            raise Behind(str(error)) from error
        found = [self.course.journal.begin(resource, identity) for identity in differing(there, follow)]
        for mark in unknown:
            self.course.journal.settle(mark)
        return found

    async def _bring(self, leads: SideName, mark: Mark, there: Mapping[str, Record]) -> None:
        resource, identity = mark.key[0], str(mark.key[1])
        try:
            record = await self.copying.read(leads, resource, identity) if identity in there else None
            await self.copying.copy(other(leads), resource, identity, record)
        except NotTaken as error:
            self.course.journal.refuse(mark, error.reasons)
        else:
            self.course.succeeded(other(leads))
            self.course.status.copied(other(leads))
            self.course.journal.settle(mark)


def _ordered(marks: Sequence[Mark], there: Mapping[str, Record]) -> Sequence[Mark]:
    """Of known ids: first what is to be deleted, then as the leading list has them."""
    order = {name: number for number, name in enumerate(there)}
    known = [mark for mark in marks if isinstance(mark.key[1], str)]
    return sorted(known, key=lambda mark: order.get(str(mark.key[1]), -1))


def differing(lead: Mapping[str, Record], follow: Mapping[str, Record]) -> Sequence[str]:
    """Ids of what is to be deleted, then of what is to be changed or created, in the leading list's order. Pure."""
    gone = [name for name in follow if name not in lead]
    return gone + [name for name in lead if name not in follow or not alike_records(lead[name], follow[name])]
