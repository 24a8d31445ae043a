"""A file on its way to this server: piece by piece onto the disk, under no name."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

from app.errors import ImportCancelled, NoRoom

_BLOCK = 1 << 20  # bytes written at once, beside the event loop: a disk may take its time


class Receipt:
    """Of a file on its way: how much of it has come; somebody may have cancelled it."""

    def __init__(self, size: int | None) -> None:
        self.size = size
        self.bytes, self.cancelled = 0, False


@contextmanager
def room() -> Iterator[IO[bytes]]:
    """A file without a name, for this process and those that are handed it. Raises `NoRoom`."""
    try:
        file = TemporaryFile(buffering=0)  # noqa: SIM115 closed below
    except OSError as error:
        raise NoRoom from error
    with file:
        yield file


async def write(file: IO[bytes], pieces: AsyncIterator[bytes], receipt: Receipt) -> None:
    """Raises `NoRoom`, `ImportCancelled`."""
    block = bytearray()
    try:
        async for piece in pieces:
            if receipt.cancelled:
                raise ImportCancelled
            block += piece
            receipt.bytes += len(piece)
            if len(block) >= _BLOCK:
                await asyncio.to_thread(_write_all, file, block)
                block.clear()
        await asyncio.to_thread(_write_all, file, block)
    except OSError as error:
        raise NoRoom from error


def _write_all(file: IO[bytes], block: bytearray) -> None:
    written = 0
    while written < len(block):
        written += file.write(memoryview(block)[written:])
