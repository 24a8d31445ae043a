"""Entries of the report on their way: kept in a temporary file, because there may be as many as records."""

import heapq
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import Self

from app.importer.entries import Entry, held_back

NOT_IN = ("rejected", "duplicate", "conflict")
_KNOWN = {*NOT_IN, "unchanged"}
_index = itemgetter("index")


class Journal:
    """Entries in file order. A context manager: nothing is left of it afterwards."""

    def __init__(self) -> None:
        self._file = TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - `__exit__` closes it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Entry]:
        self._file.seek(0)
        return map(json.loads, self._file)

    def add(self, entry: Entry) -> None:
        self._file.write(json.dumps(entry) + "\n")


def merged(read: Journal, left_out: Iterable[Entry]) -> Iterator[Entry]:
    """What was found while reading and what the database left out, in file order. Who is not in needs no warning."""
    for _, group in groupby(heapq.merge(read, left_out, key=_index), key=_index):
        entries = list(group)
        verdicts = [entry for entry in entries if entry["verdict"] in NOT_IN]
        yield from verdicts or entries


def all_held_back(journal: Journal, records: int) -> Iterator[Entry]:
    """The entries when nothing may go in: those that could not anyhow, and one for every record that could have."""
    known = ((entry["index"], entry) for entry in journal if entry["verdict"] in _KNOWN)
    index, entry = next(known, (records, None))
    for at in range(records):
        if at == index and entry:
            yield entry
            index, entry = next(known, (records, None))
        else:
            yield held_back(at)
