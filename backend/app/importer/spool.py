"""Good rows on their way: in temporary files, so that no connection waits for a file that is slow to be read.

A row that may repeat a key, of the file or of the table, waits aside, for `settle`.
"""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Self

from app.importer.check import Row
from app.importer.seen import Seen
from app.importer.verify import digest

_BLOCK = 1 << 16


class Spool:
    """A context manager: nothing is left of it afterwards. A line is an index in the file, and the row behind it.

    `table`: the keys that the table is known to have. `all_aside`: every row waits aside.
    """

    def __init__(self, table: Seen, all_aside: bool) -> None:
        self.all_aside = all_aside
        self.new = self.aside = 0
        self._table, self._file = table, Seen()
        self._new = TemporaryFile(buffering=_BLOCK)  # noqa: SIM115 - `__exit__` closes both
        self._aside = TemporaryFile(buffering=_BLOCK)  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._new.close()
        self._aside.close()

    def is_new(self, row: Row) -> bool:
        """Whether neither the file so far nor the table has its keys. False may mean: perhaps."""
        known = self._file.before(row.id, row.patient_id)
        return not (known or self.all_aside or self._table.has(row.id, row.patient_id))

    def add(self, index: int, row: Row) -> None:
        self.new += 1
        self._new.write(_line(index, row))

    def put_aside(self, index: int, row: Row, places: str) -> None:
        self.put_line_aside(_line(index, row), places)

    def put_line_aside(self, line: bytes, places: str = "") -> None:
        self.aside += 1
        self._aside.write(b"%b\t%d\t%b\n" % (line[:-1], digest(line), places.encode()))

    def new_lines(self) -> Iterator[bytes]:
        self._new.seek(0)
        return iter(self._new)

    def lines_aside(self) -> Iterator[bytes]:
        """With two columns more: the line's digest, and the places."""
        self._aside.seek(0)
        return iter(self._aside)


def _line(index: int, row: Row) -> bytes:
    return b"%d\t%b" % (index, row.line)
