"""Each kind of statement has so many connections at most, so that what is quick is never behind what is not."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from app.sql import Change, Changes, Dear, Query


class Seats(asyncio.Semaphore):
    """So many, at least one."""

    def __init__(self, number: int) -> None:
        super().__init__(max(1, number))


class Lane:
    """At most `width` at once, or `narrow` while it is stuck; the others wait in the order they came.

    `stuck`: the last one met a lock of somebody else's, as the next one would. `shared`: seats of several lanes, of
    which each needs one too.
    """

    def __init__(self, width: int, narrow: int | None = None, shared: Sequence[Seats] = ()) -> None:
        self._wide, self._narrow, self._shared = Seats(width), Seats(narrow or width), shared
        self.waiting = 0
        self.stuck = False

    async def enter(self, patience: float) -> Callable[[], None]:
        """Take a seat; what is returned gives it back. Raises `TimeoutError` if none is free within so many seconds."""
        seats = (self._narrow if self.stuck else self._wide, *self._shared)
        if any(one.locked() for one in seats):
            await self._wait(seats, patience)
        else:
            await _take(seats)
        return partial(_give_back, seats)

    async def _wait(self, seats: Sequence[Seats], patience: float) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(patience):
                await _take(seats)
        finally:
            self.waiting -= 1


def lanes(size: int, pooled: bool) -> Mapping[type[Query], Lane]:
    """The lanes of a pool with so many connections. Whatever writes wait for, two are left for reads, one of them for
    what is quick, whatever the others do.

    Behind a pooler writes are always few: nothing may end their waiting for a lock soon.
    """
    half, all_but_one = (size - 1) // 2, Seats(size - 1)
    writes = Lane(half if pooled else size - 2, half, [all_but_one])
    return {Query: Lane(size), Dear: Lane(size // 2, None, [all_but_one]), Change: writes, Changes: writes}


async def _take(seats: Sequence[Seats]) -> None:
    with ExitStack() as taken:
        for one in seats:
            await one.acquire()
            taken.callback(one.release)
        taken.pop_all()


def _give_back(seats: Sequence[Seats]) -> None:
    for one in seats:
        one.release()
