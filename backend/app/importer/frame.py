"""What stands around the patients in a db.json that is there already, for who writes their list anew.

It is kept byte for byte, whatever it means; only a byte order mark, which json-server refuses, is not.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

from app.importer.document import COLLECTION, Collection, Document
from app.importer.files import Input
from app.importer.ordinary import Ordinary
from app.importer.source import Source, Unreadable

_BLOCK = 1 << 16
_MEMBER = b'\n  "%b": ' % COLLECTION.encode()
_ALONE = b"{" + _MEMBER + b"[]\n}\n"


class Frame(NamedTuple):
    """Of `stream`, the bytes from `begin` to `head` are written before the list, those from `tail` on behind it.

    `name`: what is to be written beside them, where the list has none yet. `kept`: the other collections. `records`: of
    the list that goes, None where there is none.
    """

    stream: BinaryIO
    begin: int
    head: int
    name: bytes
    tail: int
    kept: Sequence[Collection]
    records: int | None

    def write_head(self, file: IO[bytes]) -> None:
        left = self.head - self.begin
        self.stream.seek(self.begin)
        while left:
            left -= file.write(self.stream.read(min(left, _BLOCK)))
        file.write(self.name)

    def write_tail(self, file: IO[bytes]) -> None:
        self.stream.seek(self.tail)
        shutil.copyfileobj(self.stream, file)


@contextmanager
def around(path: Path) -> Iterator[Frame]:
    """The frame of the db.json there. Where there is none, an empty file or something that is no file: one of its own.

    Raises `Unreadable`, also behind the block if somebody has written to the file meanwhile.
    """
    found = _version(path)
    if found and found.size:
        with Input(path) as file:
            yield _read(file.stream)
    else:
        yield alone()
    if _version(path) != found:
        raise Unreadable("somebody wrote to it meanwhile")


def alone() -> Frame:
    """The frame of a db.json of nothing but patients."""
    return _read(BytesIO(_ALONE))


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


def _read(stream: BinaryIO) -> Frame:
    document = Document(Source(stream), Ordinary())
    source, behind, records = document.source, 0, None
    frame = Frame(stream, source.offset, 0, b"," + _MEMBER, 0, document.collections, None)
    for name in document.members():
        if name == COLLECTION:
            head, records = source.offset, document.pass_over_list()
            frame = frame._replace(head=head, name=b"", tail=source.offset, records=records)
        else:
            document.pass_over(name)
            behind = source.offset
    if records is None:
        return frame._replace(head=behind, tail=behind) if behind else alone()
    return frame
