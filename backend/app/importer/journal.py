"""Entries of the report on their way: kept in a temporary file, because there may be as many as records."""

import heapq
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import Self

from app.importer.entries import Entry

NOT_IN = ("rejected", "duplicate", "conflict")
_index = itemgetter("index")


class Journal:
    """Entries in file order. A context manager: nothing is left of it afterwards."""

    def __init__(self) -> None:
        self._file = TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - `__exit__` closes it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Entry]:
        self._file.seek(0)
        return map(json.loads, self._file)

    def close(self) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        self._file.write(json.dumps(entry) + "\n")


def merged(*journals: Iterable[Entry]) -> Iterator[Entry]:
    """What was found while reading and afterwards, in file order. Who is not in needs no warning."""
    for _, group in groupby(heapq.merge(*journals, key=_index), key=_index):
        entries = list(group)
        yield from [entry for entry in entries if entry["verdict"] in NOT_IN] or entries
