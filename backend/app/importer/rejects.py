"""The rejected records, verbatim, as a db.json: fix those and import just that file."""

from typing import BinaryIO, Self

from app.importer.document import COLLECTION


class Rejects:
    """Writes to a file that stays whole JSON, as far as the records are, whenever the block ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._written = 0

    def __enter__(self) -> Self:
        self._file.write(b'{\n  "%b": [' % COLLECTION.encode())
        return self

    def __exit__(self, *_: object) -> None:
        self._file.write((b"\n  " if self._written else b"") + b"]\n}\n")

    def add(self, raw: bytes) -> None:
        self._file.write((b",\n    " if self._written else b"\n    ") + raw)
        self._written += 1
