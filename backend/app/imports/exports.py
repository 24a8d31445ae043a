"""A db.json of all that the server serves, while a process of its own writes it. Knows no HTTP."""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator

from app.errors import Busy, DatabaseUnavailable
from app.imports.process import Apart
from app.limits import EXPORT_SECONDS, EXPORTS

_PIECE = 1 << 16


class Exports:
    """Of one database; `EXPORTS` at once."""

    def __init__(self, dsn: str) -> None:
        self._order = {"task": "export", "dsn": dsn}
        self._under_way = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file as it is written, no faster than it is taken: in memory is only what is on its way.

        Raises `Busy`; `DatabaseUnavailable`, which may be in the middle; `TimeoutError` behind `EXPORT_SECONDS`.
        """
        if self._under_way >= EXPORTS:
            raise Busy
        self._under_way += 1
        try:
            async for piece in self._written(await Apart.start(self._order, output=PIPE)):
                yield piece
        finally:
            self._under_way -= 1

    async def _written(self, apart: Apart) -> AsyncIterator[bytes]:
        end = asyncio.get_running_loop().time() + EXPORT_SECONDS
        try:
            while piece := await _by(end, apart.output):
                yield piece
            if await apart.ended():
                raise DatabaseUnavailable
        finally:
            await apart.end()


async def _by(end: float, output: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout_at(end):
        return await output.read(_PIECE)
