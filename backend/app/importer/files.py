"""The files of an import: the source, opened and watched; the report and the rejects, for their owner's eyes only."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from app.importer.source import Unreadable


class Unwritable(Exception):
    """The report or the rejects cannot be written; the text is a sentence."""


class Input:
    """A source file, pipe or device, opened for reading. A context manager."""

    def __init__(self, path: Path) -> None:
        try:
            self.stream: BinaryIO = path.open("rb")
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}") from None
        self._found = os.fstat(self.stream.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()

    @property
    def size(self) -> int | None:
        """In bytes; None for what has none before its end."""
        return self._found.st_size if stat.S_ISREG(self._found.st_mode) else None

    def demand_unchanged(self) -> None:
        """Raise `Unreadable` if somebody has written to the file since it was opened."""
        now = os.fstat(self.stream.fileno())
        if self.size is not None and (now.st_size, now.st_mtime_ns) != (self._found.st_size, self._found.st_mtime_ns):
            raise Unreadable("the file changed while it was read")


@contextmanager
def output(path: Path | None, *others: Path | None) -> Iterator[BinaryIO]:
    """A file for what may hold patients: readable for its owner alone. Without a path, nowhere.

    Raises `Unwritable`, also rather than overwrite one of the `others`.
    """
    try:
        if path and path.is_file() and any(other and other.exists() and path.samefile(other) for other in others):
            raise Unwritable(f"{path} is named twice: what is read and what is written must be different files")
        with open(path or os.devnull, "wb", opener=_private) as file:
            yield file
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error.strerror}") from None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
