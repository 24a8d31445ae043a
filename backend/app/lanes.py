"""Each kind of statement has so many connections at most, so that what is quick is never behind what is not."""

import asyncio
from collections.abc import Callable, Mapping

from app.sql import Change, Changes, Dear, Query


class Lane:
    """At most `width` at once, or `narrow` while it is stuck; the others wait in the order they came.

    `stuck`: the last one met a lock of somebody else's, as the next one would.
    """

    def __init__(self, width: int, narrow: int | None = None) -> None:
        self._wide, self._narrow = asyncio.Semaphore(max(1, width)), asyncio.Semaphore(max(1, narrow or width))
        self.waiting = 0
        self.stuck = False

    async def enter(self, patience: float) -> Callable[[], None]:
        """Take a seat; what is returned gives it back. Raises `TimeoutError` if none is free within so many seconds."""
        seats = self._narrow if self.stuck else self._wide
        if not seats.locked():
            await seats.acquire()
            return seats.release
        self.waiting += 1
        try:
            async with asyncio.timeout(patience):
                await seats.acquire()
        finally:
            self.waiting -= 1
        return seats.release


def lanes(size: int, pooled: bool) -> Mapping[type[Query], Lane]:
    """The lanes of a pool with so many connections; one is left for what is quick, whatever the others do.

    Behind a pooler writes are always few: nothing may end their waiting for a lock soon.
    """
    half = (size - 1) // 2
    writes = Lane(half if pooled else size - 1, half)
    return {Query: Lane(size), Dear: Lane(size // 2), Change: writes, Changes: writes}
