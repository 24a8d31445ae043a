"""Files that are read and written: a source, opened and watched; what may hold records, for its owner alone to read."""

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile, mkstemp
from typing import IO, BinaryIO, Self

from app.importer.mistaken import absent
from app.importer.source import Unreadable

STANDARD_INPUT, STANDARD_OUTPUT = Path("/dev/stdin"), Path("/dev/stdout")

_BLOCK = 1 << 16
_DESCRIPTORS = ("/dev/std", "/dev/fd/", "/proc/")


class Unwritable(Exception):
    """The report or the rejects cannot be written; the text is a sentence."""


class Input:
    """A source file, pipe or device, opened for reading. A context manager.

    Standard input is read as it was given: its name could not be opened anew where it is a socket, or somebody else's.
    """

    def __init__(self, path: Path) -> None:
        given = path == STANDARD_INPUT
        try:
            self.stream: BinaryIO = open(0 if given else path, "rb", closefd=not given)  # noqa: SIM115 - `__exit__`
        except OSError as error:
            raise Unreadable(absent(path) or f"cannot be read: {error.strerror}") from None
        self._found = os.fstat(self.stream.fileno())
        self._begin = self.stream.tell() if self.size is not None else 0
        self._copy = None if self.size is not None else TemporaryFile()  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        if self._copy:
            self._copy.close()

    def read(self, size: int) -> bytes:
        """The next bytes. What could not be read twice is copied to a temporary file."""
        chunk = self.stream.read(size)
        if self._copy:
            self._copy.write(chunk)
        return chunk

    def again(self, offset: int) -> IO[bytes]:
        """What was read, from there on. Nothing is read any more as it comes."""
        file = self._copy or self.stream
        file.seek(self._begin + offset)
        return file

    @property
    def size(self) -> int | None:
        """In bytes; None for what has none before its end."""
        return self._found.st_size if stat.S_ISREG(self._found.st_mode) else None

    def demand_unchanged(self) -> None:
        """Raise `Unreadable` if somebody has written to the file since it was opened."""
        now = os.fstat(self.stream.fileno())
        if self.size is not None and (now.st_size, now.st_mtime_ns) != (self._found.st_size, self._found.st_mtime_ns):
            raise Unreadable("the file changed while it was read")


class Output:
    """Nowhere: what is written is gone. A context manager."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._kept = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    @contextmanager
    def anew(self) -> Iterator[BinaryIO]:
        """The block writes it, from the beginning and not in its place; behind the block all is on the disk.

        Raises `OSError` for what the block writes, `Unwritable` for what is known behind it.
        """
        with open(os.devnull, "wb") as file:
            yield file

    def show(self) -> None:
        """Put what was written in its place. Raises `Unwritable`."""


class Kept(Output):
    """In `file`, a temporary one of the caller's. `name`: for the sentence that it cannot be written."""

    def __init__(self, name: str) -> None:
        super().__init__(Path(name))
        self.file = TemporaryFile()  # noqa: SIM115 its caller's, for longer than what writes it

    @contextmanager
    def anew(self) -> Iterator[BinaryIO]:
        self.file.seek(0)
        self.file.truncate()
        with told_of(self.path):
            yield self.file
            self.file.flush()
        self.file.seek(0)


class _Aside(Output):
    """Written to a file aside that nobody but its owner can read, and that is gone at the end."""

    def __init__(self, path: Path, folder: str | None) -> None:
        super().__init__(path)
        self._descriptor, self._name = mkstemp(dir=folder, prefix=".unfinished-")
        self._kept.callback(Path(self._name).unlink, missing_ok=True)
        self._kept.callback(os.close, self._descriptor)

    @contextmanager
    def anew(self) -> Iterator[BinaryIO]:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with open(self._descriptor, "wb", closefd=False) as file:
            yield file
        with told_of(self.path):
            self._settle()

    def _settle(self) -> None:
        os.fsync(self._descriptor)


class _Replacing(_Aside):
    """For a file: takes its place, whatever it was and whoever could read it."""

    def __init__(self, path: Path) -> None:
        self._target = destination(path)
        super().__init__(path, os.path.dirname(self._target))

    def show(self) -> None:
        with told_of(self.path):
            os.replace(self._name, self._target)


class _Copied(_Aside):
    """For a pipe or a device: copied there when it is whole, so that nothing is said too early.

    But the first byte goes ahead, to find out in time that the disk is full or the reader gone. It is always the same.
    """

    def __init__(self, path: Path) -> None:
        self._target = _standard_output() if path == STANDARD_OUTPUT else os.open(path, os.O_WRONLY | os.O_APPEND)
        super().__init__(path, None)
        self._kept.callback(os.close, self._target)
        self._sent = 0

    def show(self) -> None:
        with told_of(self.path):
            while self._send(_BLOCK):
                pass

    def _settle(self) -> None:
        if not self._sent:
            self._send(1)

    def _send(self, most: int) -> int:
        sent = os.write(self._target, os.pread(self._descriptor, most, self._sent))
        self._sent += sent
        return sent


def output(path: Path | Output | None, *others: Path | Output | None) -> Output:
    """Where to write what may hold records: readable for its owner alone. Without a path, nowhere.

    Raises `Unwritable`, also rather than overwrite one of the `others`.
    """
    if not isinstance(path, Path):
        return path or Output()
    with told_of(path):
        if any(isinstance(other, Path) and _one_file(path, other) for other in others):
            raise Unwritable(f"{path} is named twice: what is read and what is written must be different files")
        return _Copied(path) if _is_no_file(path) else _Replacing(path)


@contextmanager
def told_of(path: Path | None) -> Iterator[None]:
    """The block's `OSError` as `Unwritable`."""
    try:
        yield
    except OSError as error:
        raise Unwritable(f"{path} cannot be written: {error.strerror}") from None


def destination(path: Path) -> str:
    """The file that a path leads to, there or not yet. Raises `OSError` for links that go round in a circle."""
    target = os.path.realpath(path)
    if os.path.islink(target):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return target


def _one_file(path: Path, other: Path) -> bool:
    """Whether two names are one file's, there or not yet. Another pipe or device may be named twice."""
    if path == other == STANDARD_OUTPUT:
        return True
    if path.exists():
        return path.is_file() and other.exists() and path.samefile(other)
    return os.path.realpath(path) == os.path.realpath(other)


def _standard_output() -> int:
    """As it was given: its name could not be opened anew where it is a socket, or somebody else's."""
    if sys.stdout is None:  # closed by the caller; its number may be another file's by now
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return os.dup(1)


def _is_no_file(path: Path) -> bool:
    """A pipe, a device; or a descriptor's name, which may be a file's too, but others hold that."""
    return str(path).startswith(_DESCRIPTORS) or (path.exists() and not path.is_file())
