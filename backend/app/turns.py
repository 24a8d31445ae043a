"""Work that holds the event loop, in turns: once a turn has taken its time, whatever else is ready comes first."""

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

Value = TypeVar("Value")

# In seconds.
_TURN = 0.005
_PAUSE = 0.001  # in which others get through all of their steps; no pause would give them one


class Turns:
    """One queue for all that may take milliseconds; as they came."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._line, self._clock = asyncio.Lock(), clock
        self._spent = 0.0

    async def take(self, work: Callable[[], Value]) -> Value:
        """What `work()` returns or raises."""
        async with self._line:
            if self._spent > _TURN:
                await asyncio.sleep(_PAUSE)
                self._spent = 0.0
            begin = self._clock()
            try:
                return work()
            finally:
                self._spent += self._clock() - begin
