"""Whether the new side has failed too often: a ring of its latest outcomes. Pure.

The rule is Envoy's outlier detection: so many failures in a row, or a share of the requests of a window, of which there
must have been enough to say anything.
"""

from collections import deque
from typing import NamedTuple

from app.cutover.flags import Flags


class _Outcome(NamedTuple):
    at: float
    bad: bool


class Ring:
    """`now` is any clock that only goes on, in seconds."""

    def __init__(self) -> None:
        self._outcomes: deque[_Outcome] = deque()
        self._bad = self._row = 0

    def good(self, now: float) -> None:
        self._row = 0
        self._add(now, bad=False)

    def different(self, now: float) -> None:
        """It answered, and what it answered is wrong."""
        self._add(now, bad=True)

    def failed(self, now: float) -> None:
        self._row += 1
        self._add(now, bad=True)

    def tripped(self, now: float, flags: Flags) -> str:
        """Why it should be asked no more; empty: it should."""
        self._forget(now - flags.window)
        if self._row >= flags.row:
            return f"{self._row} in a row failed"
        count = len(self._outcomes)
        if count >= flags.least and self._bad * 100 > flags.threshold * count:
            return f"{self._bad} of {count} within {flags.window:g} s failed or differed"
        return ""

    def _add(self, now: float, *, bad: bool) -> None:
        self._outcomes.append(_Outcome(now, bad))
        self._bad += bad

    def _forget(self, before: float) -> None:
        while self._outcomes and self._outcomes[0].at < before:
            self._bad -= self._outcomes.popleft().bad
