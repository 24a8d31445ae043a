"""Each kind of statement has so many connections at most, so that what is quick is never behind what is not."""

import asyncio


class Lane:
    """At most `width` at once; the others wait in the order they came.

    `stuck`: the last one met a lock of somebody else's, as the next one would.
    """

    def __init__(self, width: int) -> None:
        self._seats = asyncio.Semaphore(width)
        self.waiting = 0
        self.stuck = False

    async def enter(self, patience: float) -> None:
        """Take a seat, which `leave` gives back. Raises `TimeoutError` when there is none within so many seconds."""
        if not self._seats.locked():
            await self._seats.acquire()
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(patience):
                await self._seats.acquire()
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        self._seats.release()
