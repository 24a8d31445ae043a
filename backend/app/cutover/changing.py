"""From one stage to another: what must be done before, and what must not be lost by it.

Whatever asks for a stage, a person or the flags file or the new side's failing, it comes here, one at a time. A side
that is to lead must have all that a client was told is done; else the stage stays, whoever asks.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from app.cutover.copying import Behind
from app.cutover.course import Course
from app.cutover.gates import Facts, unmet
from app.cutover.replies import Lost
from app.cutover.resyncing import Resyncing
from app.cutover.stages import STAGES, Stage, StageName
from app.cutover.starting import NotStarted, Starting
from app.cutover.writing import Writing

_EVERY = 0.5  # seconds between looks at the flags file


class NotChanged(Exception):
    """The stage stays; `reasons` are sentences."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass
class Changing:
    course: Course
    writing: Writing
    resyncing: Resyncing
    starting: Starting
    verify: Callable[[], Awaitable[str]]
    """What is unequal on the two sides, in words; empty: nothing."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def watch(self) -> None:
        """For ever: follow the flags file, and fall back where the new side fails."""
        while True:
            await self.look()
            self.course.stirred.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.course.stirred.wait(), _EVERY)

    async def look(self) -> None:
        """Once."""
        if self.course.file.changed():
            await self._obey()
        if why := self.course.tripped():
            await self._fall_back(why)
        else:
            self.course.held = ""

    async def ask(self, to: StageName, share: int | None = None, anyway: str = "") -> None:
        """What a person asks for. Raises `NotChanged`."""
        await self.look()
        reasons = await self._unmet(to)
        if reasons and not anyway:
            raise NotChanged(*reasons)
        await self._go(to, f"anyway: {anyway} ({'; '.join(reasons)})" if reasons else anyway or "asked for", share)

    async def _obey(self) -> None:
        """The file says what is wanted; where that cannot be, it says again what is."""
        if self.course.file.fault:
            self.course.say(f"{self.course.file.fault}; stage {self.course.stage.name} stays")
            return
        try:
            await self._go(self.course.flags.stage, f"{self.course.file.path.name} says so")
        except NotChanged as error:
            self.course.say(f"not {self.course.flags.stage}: {error}")
            with suppress(OSError):
                self.course.keep_stage()

    async def _fall_back(self, why: str) -> None:
        try:
            await self._go("copy", f"fell back: {why}")
        except NotChanged as error:
            self.course.hold(f"{why}, but {error}")
        else:
            self.course.alarm(f"fell back to copy: {why}")

    async def _unmet(self, to: StageName) -> Sequence[str]:
        here, journal = self.course.stage.name, self.course.journal
        equal, different = self.course.status.of_stage()
        facts = Facts(
            owed=len(journal.owed),
            unfinished=len(journal.open) - len(journal.owed),
            refused=len(journal.refused),
            equal=equal,
            different=different,
            enough=self.course.flags.enough,
            verification="",
        )
        reasons = unmet(here, to, facts)
        if not reasons and unmet(here, to, facts._replace(verification="?")):
            reasons = unmet(here, to, facts._replace(verification=await self.verify()))
        return reasons

    async def _go(self, to: StageName, why: str, share: int | None = None) -> None:
        """Raises `NotChanged`."""
        async with self._turn:
            try:
                await self._change(STAGES[to], why, share)
            except (NotStarted, OSError) as error:
                raise NotChanged(str(error)) from error
            finally:
                self._end_noting()

    async def _change(self, there: Stage, why: str, share: int | None) -> None:
        here = self.course.stage
        if not self.course.journal.level and there is not here and (there.follows or there.leads != here.leads):
            await self._begin()
        async with self.course.lock:
            if self.course.stage is not here and self.course.stage is not there:
                raise NotChanged(f"it is {self.course.stage.name} by now")
            if self.course.stage is there:
                self.course.ask_share(share)
                return
            if there.leads != here.leads or self.course.noting:
                await self._demand_level(leader_changes=there.leads != here.leads)
            self.course.enter(there.name, why, share)

    async def _begin(self) -> None:
        """From here on the journal notes what is written; what was begun before is waited for."""
        self.course.noting = True
        if begun := [*self.writing.under_way, *self.resyncing.copying.late]:
            await asyncio.wait(begun)
        await self.starting.fill()
        try:
            await self.resyncing.approach()
        except (Lost, Behind) as error:
            raise NotStarted(f"a side does not answer ({error})") from error

    async def _demand_level(self, *, leader_changes: bool) -> None:
        """Under the lock. Raises `NotChanged`."""
        journal = self.course.journal
        if journal.owed:
            with suppress(Lost, Behind):
                await self.resyncing.round()
        if journal.owed or (self.course.noting and journal.open):
            raise NotChanged(f"{len(journal.owed)} records are owed to the other side, which does not take them now")
        if leader_changes and journal.refused:
            raise NotChanged(f"the other side has refused {len(journal.refused)} records that would be lost")

    def _end_noting(self) -> None:
        """What was noted is of use only if the change came about."""
        if self.course.noting:
            self.course.noting = False
            with suppress(OSError):
                self.course.journal.enter(self.course.stage.name, level=False)
