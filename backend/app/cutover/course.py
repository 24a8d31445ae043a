"""Where a move is: the stage in effect, what the operator wants, and the lock that all writes to two sides have."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.cutover.events import Events
from app.cutover.falling_back import Ring
from app.cutover.flags import FlagFile, Flags
from app.cutover.journal import Journal, Key
from app.cutover.stages import STAGES, SideName, Stage, StageName
from app.cutover.status import Status

log = logging.getLogger("app.cutover")


def _nobody(_: str) -> None:
    pass


@dataclass
class Course:
    file: FlagFile
    journal: Journal
    status: Status
    events: Events
    alarm: Callable[[str], None] = _nobody
    """Tells whoever wants to hear of it that it has fallen back, or cannot."""
    ring: Ring = field(default_factory=Ring)
    noting: bool = False
    """The sides are being brought level: the journal notes what is written, and nothing is copied yet."""
    pace: float = 0.0
    """Seconds that each write waits while the side that follows catches up."""
    held: str = ""
    """Why it does not go back by itself although it should."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the new side has failed, or differed: somebody may want to look."""

    @property
    def stage(self) -> Stage:
        """The stage in effect."""
        return STAGES[self.journal.stage]

    @property
    def flags(self) -> Flags:
        return self.file.good

    @property
    def noted(self) -> bool:
        """Whether a write of one record is the journal's business, and done under the lock."""
        return self.noting or self.stage.follows is not None

    @property
    def side_of_others(self) -> SideName:
        """Who has the addresses that do not move."""
        return "new" if self.stage.name == "done" else "old"

    @property
    def behind(self) -> bool:
        """Whether the side that follows may not have all that the leading one has."""
        return bool(self.journal.open)

    def owes(self, but_for: Key | None = None) -> bool:
        """Whether the side that follows lacks what a client was told is done. `but_for`: not counting that record."""
        return bool({*self.journal.owed, *self.journal.refused} - {but_for})

    def may_fall_back(self, but_for: Key | None = None) -> bool:
        """Whether the old side can lead instead of the new one with nothing lost."""
        return self.stage.name == "new" and not self.owes(but_for)

    def tripped(self) -> str:
        """Why the new side should not answer any more; empty: it may."""
        return self.ring.tripped(time.monotonic(), self.flags) if self.stage.name in ("ramp", "new") else ""

    def enter(self, name: StageName, why: str, share: int | None = None) -> None:
        """Put a stage into effect; who calls has the lock. The file first: it stands if the process dies between.

        Raises `OSError`, and then nothing has changed.
        """
        self.file.changed()  # what an operator has just edited beside the stage is kept
        wanted = self.flags.model_copy(update={"stage": name} | ({} if share is None else {"share": share}))
        if wanted != self.flags:
            self.file.write(wanted)
        self.journal.enter(name, level=STAGES[name].follows is not None)
        self.held, self.noting, self.ring = "", False, Ring()
        self.status.entered(name)
        self.say(f"stage {name}: {why}")

    def ask_share(self, share: int | None) -> None:
        """Raises `OSError`."""
        if share not in (None, self.flags.share):
            self.file.write(self.flags.model_copy(update={"share": share}))
            self.say(f"share {share}")

    def keep_stage(self) -> None:
        """Have the file say which stage is in effect. Raises `OSError`."""
        self.file.write(self.flags.model_copy(update={"stage": self.stage.name}))

    def fall_back(self, why: str) -> None:
        """To `copy`, where the old side leads and has lost nothing. As `enter`."""
        self.enter("copy", f"fell back: {why}")
        self.alarm(f"fell back to copy: {why}")

    def hold(self, why: str) -> None:
        """It should fall back, and something would be lost by that."""
        if not self.held:
            self.held = why
            self.say(f"held: {why}")
            self.alarm(f"held: {why}")

    def say(self, text: str) -> None:
        """An event: in the log, and to all who look."""
        log.warning(text, extra={"change": True})
        self.status.event(self.events.add(text))

    def succeeded(self, side: SideName) -> None:
        if side == "new":
            self.ring.good(time.monotonic())

    def failed(self, side: SideName, why: str) -> None:
        """It did not answer, or with a fault of its own."""
        self.status.failed(side, why)
        if side == "new":
            self.ring.failed(time.monotonic())
            self.stirred.set()

    def differed(self) -> None:
        """What the new side answered is wrong."""
        self.ring.different(time.monotonic())
        self.stirred.set()
