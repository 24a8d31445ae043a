"""Who guesses passwords is held up: so many failures in a minute, for one account and from one address."""

import time
from collections.abc import Callable, Sequence
from math import ceil

from app.errors import TooManyTries

MOST = 10  # failures
WITHIN = 60  # seconds
_KEPT = 10_000  # accounts and addresses of which there were some; above it the oldest are forgotten


class Failures:
    """`most` in this process. A try counts as one until it is taken back, so that many at once are no way around."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._of: dict[str, list[float]] = {}

    def note(self, keys: Sequence[str]) -> Callable[[], None]:
        """A try of somebody who has these names; what is returned takes it back. Raises `TooManyTries`."""
        now = self._clock()
        every = {key: [time for time in self._of.get(key, ()) if time > now - WITHIN] for key in keys}
        if wait := max((times[0] + WITHIN - now for times in every.values() if len(times) >= self._most), default=0):
            raise TooManyTries(ceil(wait))
        for key, times in every.items():
            self._keep(key, [*times, now])
        return lambda: self._take_back(keys, now)

    def _keep(self, key: str, times: list[float]) -> None:
        self._of.pop(key, None)
        self._of[key] = times
        if len(self._of) > _KEPT:
            del self._of[next(iter(self._of))]

    def _take_back(self, keys: Sequence[str], time: float) -> None:
        for key in keys:
            if time in (times := self._of.get(key, [])):
                times.remove(time)


def share(workers: int) -> int:
    """Of one worker, who knows nothing of the others' failures: all together let no more pass, but for a remainder."""
    return ceil(MOST / workers)
