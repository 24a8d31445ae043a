"""What stands around the declared collections in a db.json that is there already, for who writes their lists anew.

It is kept byte for byte, whatever it means; only a byte order mark, which json-server refuses, is not.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from app.importer.document import Document, Unserved
from app.importer.files import Input
from app.importer.source import Source, Unreadable

_BLOCK = 1 << 16


class Gap(NamedTuple):
    """Where a list is to stand: in the place of the bytes from `begin` to `end`. `records`: of the list that goes.

    `name`: what is to be written before it, where the file has no such list yet; then nothing goes.
    """

    collection: str
    begin: int
    end: int
    name: bytes = b""
    records: int | None = None


class Frame(NamedTuple):
    """Of `stream`, all from `begin` on but the gaps, in their order, is kept. `kept`: the other collections."""

    stream: BinaryIO
    begin: int
    gaps: Sequence[Gap]
    kept: Sequence[Unserved]

    def write(self, file: IO[bytes]) -> Iterator[Gap]:
        """Write it; for each gap that is yielded the caller writes a list."""
        at = self.begin
        for gap in self.gaps:
            self._copy(file, at, gap.begin)
            file.write(gap.name)
            yield gap
            at = gap.end
        self._copy(file, at)

    def _copy(self, file: IO[bytes], begin: int, end: int | None = None) -> None:
        self.stream.seek(begin)
        while block := self.stream.read(_BLOCK if end is None else min(_BLOCK, end - self.stream.tell())):
            file.write(block)


@contextmanager
def around(path: Path, collections: Sequence[str]) -> Iterator[Frame]:
    """The frame of the db.json there. Where there is none, an empty file or something that is no file: one of its own.

    Raises `Unreadable`, also behind the block if somebody has written to the file meanwhile.
    """
    found = _version(path)
    if found and found.size:
        with Input(path) as file:
            yield _read(file.stream, collections)
    else:
        yield alone(collections)
    if _version(path) != found:
        raise Unreadable("somebody wrote to it meanwhile")


def alone(collections: Sequence[str]) -> Frame:
    """The frame of a db.json of nothing but these."""
    empty = json.dumps(dict.fromkeys(collections, ()), indent=2, ensure_ascii=False) + "\n"
    frame = _read(BytesIO(empty.encode()), collections)
    return frame._replace(gaps=[gap._replace(records=None) for gap in frame.gaps])


class _Version(NamedTuple):
    device: int
    inode: int
    size: int
    modified: int


def _version(path: Path) -> _Version | None:
    if not path.is_file():
        return None
    now = path.stat()
    return _Version(now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)


def _read(stream: BinaryIO, collections: Sequence[str]) -> Frame:
    document = Document(Source(stream), collections)
    source, gaps = document.source, list[Gap]()
    begin = behind = source.offset
    for name in document.members():
        head = source.offset
        if name in collections:
            gaps.append(Gap(name, head, 0, records=document.pass_over_list(name)))
            gaps[-1] = gaps[-1]._replace(end=source.offset)
        else:
            document.pass_over(name)
        behind = source.offset
    if behind == begin:
        return alone(collections)
    return Frame(stream, begin, [*gaps, *_missing(collections, gaps, behind)], document.unserved)


def _missing(collections: Sequence[str], gaps: Sequence[Gap], behind: int) -> Iterator[Gap]:
    there = {gap.collection for gap in gaps}
    for name in (name for name in collections if name not in there):
        yield Gap(name, behind, behind, f",\n  {json.dumps(name, ensure_ascii=False)}: ".encode())
