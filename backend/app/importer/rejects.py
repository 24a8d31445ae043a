"""The rejected records, verbatim, as a db.json: fix those and import just that file."""

import json
from typing import BinaryIO, Self


class Rejects:
    """Writes to a file that stays whole JSON, as far as the records are, whenever the block ends."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lists = self._written = 0

    def __enter__(self) -> Self:
        self._file.write(b"{")
        return self

    def __exit__(self, *_: object) -> None:
        self._end_list()
        self._file.write(b"\n}\n")

    def begin(self, collection: str) -> None:
        """What is added from now on is this collection's."""
        self._end_list()
        name = json.dumps(collection, ensure_ascii=False)
        self._file.write(f"{',' if self._lists else ''}\n  {name}: [".encode())
        self._lists, self._written = self._lists + 1, 0

    def add(self, raw: bytes) -> None:
        self._file.write((b",\n    " if self._written else b"\n    ") + raw)
        self._written += 1

    def _end_list(self) -> None:
        self._file.write((b"\n  " if self._written else b"") + b"]" if self._lists else b"")
