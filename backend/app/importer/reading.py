"""The first pass over a file: every record of a collection is spooled as a row, or written down with its faults.

Until it is over nobody waits, and no connection is held: a pipe may stall, a long record take its time.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from tempfile import TemporaryFile
from typing import Self

from app.importer.check import Checker
from app.importer.document import Cut, Document, cuts
from app.importer.entries import Entries, Entry
from app.importer.files import Input
from app.importer.journal import Journal
from app.importer.json_text import Broken
from app.importer.place import Place
from app.importer.plain import MOST
from app.importer.rejects import Rejects
from app.importer.settle import Left
from app.importer.source import Source
from app.resource.record import InvalidRecord
from app.resource.resource import Resource

_APART = 256  # records at least between two marks


class Reading:
    """One collection. A context manager: nothing is left of it afterwards.

    `spool`: rows for COPY, the index in the list before each. `found`: entries of rejected records, and warnings.
    """

    def __init__(self, resource: Resource) -> None:
        self.resource, self.checker = resource, Checker(resource)
        self.entries = Entries(resource.path, list(resource.unique.values()))
        self.records = 0
        self.spool = TemporaryFile("w+b", buffering=1 << 16)  # noqa: SIM115 - `__exit__` closes it
        self.found = Journal()
        self._marks = _Marks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()
        self.found.close()

    def read(self, document: Document, rejects: Rejects) -> Iterator[int]:
        """Take the list, which is next in the document; yields how many records were read, now and then."""
        source = document.source
        for piece in document.elements(self.resource.path, self.checker.plain):
            if isinstance(piece, Cut):
                self._marks.add(self.records, source.offset - len(piece.raw), piece.place)
                self._spool(self._looked_at(document, piece, rejects), 1)
            else:
                self._marks.add(self.records, source.offset, source.place(source.at))
                self._spool(piece, len(piece))
            yield self.records

    def of_left(self, file: Input, left: Iterable[Left]) -> Iterator[Entry]:
        """The entries of records that the database left, in file order. Reads the file anew, as far as it must."""
        walk = _Walk(file, self._marks)
        for one in left:
            yield self.entries.of_record(one.verdict, one.record, walk.to(one.record), one.faults)

    def _spool(self, rows: Iterable[str], records: int) -> None:
        self.spool.write("".join(f"{index}\t{row}" for index, row in enumerate(rows, self.records)).encode())
        self.records += records

    def _looked_at(self, document: Document, cut: Cut, rejects: Rejects) -> Sequence[str]:
        """The row of one record; none if it is rejected."""
        if len(cut.raw) <= MOST and (rows := self.checker.plain(cut.raw)):
            return rows
        try:
            checked = self.checker.examine(cut.raw)
        except Broken as error:
            raise document.refuse(cut, error) from None
        except InvalidRecord as error:
            self.found.add(self.entries.of_record("rejected", self.records, cut, error.faults))
            rejects.add(cut.raw)
            return []
        if checked.warnings:
            self.found.add(self.entries.of_record("warning", self.records, cut, checked.warnings))
        return [checked.row]


class _Marks:
    """Where some records begin, so that any can be found again: index, offset in the file, line, column."""

    def __init__(self) -> None:
        self._indices, self._wheres = array("Q"), array("Q")

    def add(self, index: int, offset: int, place: Place) -> None:
        if not self._indices or index >= self._indices[-1] + _APART:
            self._indices.append(index)
            self._wheres.extend((offset, *place))

    def before(self, index: int) -> tuple[int, int, Place]:
        at = bisect_right(self._indices, index) - 1
        offset, *place = self._wheres[3 * at : 3 * at + 3]
        return self._indices[at], offset, Place(*place)


class _Walk:
    """Through the elements of a list once more, forward."""

    def __init__(self, file: Input, marks: _Marks) -> None:
        self._file, self._marks = file, marks
        self._cuts, self._next = iter(list[Cut]()), -1

    def to(self, index: int) -> Cut:
        """The element at an index, behind the last one asked for."""
        marked, offset, place = self._marks.before(index)
        if marked > self._next or self._next < 0:
            self._cuts, self._next = cuts(Source(self._file.again(offset), offset, place)), marked
        passed = index - self._next
        self._next = index + 1
        return next(islice(self._cuts, passed, None))
