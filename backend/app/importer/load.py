"""Rows into the table: one transaction, one COPY. A row that may repeat a key waits aside, for `settle`."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any

import psycopg

from app.importer.check import Row
from app.importer.seen import Seen
from app.importer.table import compose
from app.importer.verify import Tally, digest

_ROWS = 256  # at once to the database
_BYTES = 1 << 16

# A role's own settings must not cut a long transaction short, nor spell dates another way. LOCAL: nothing stays with
# the session, which a pooler hands to others.
_SETTINGS = """
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL datestyle = 'ISO'
"""
# Readers go on; writers and other imports wait.
_LOCK = compose("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
_LAST = compose("SELECT greatest((SELECT max(position) FROM {table}), pg_sequence_last_value({sequence}), 0)")
_USED = compose("SELECT setval({sequence}, %s)")
_KEYS = compose("COPY (SELECT id, patient_id FROM {table}) TO STDOUT (ENCODING 'UTF8')")
_COPY = compose("COPY {table} ({columns}) FROM STDIN (ENCODING 'UTF8')")
_MAKE_ASIDE = compose(
    "CREATE TEMPORARY TABLE {aside} ON COMMIT DROP AS"
    " SELECT {columns}, 0::bigint AS digest, ''::text AS places FROM {table} WITH NO DATA"
)
_COPY_ASIDE = compose("COPY {aside} FROM STDIN (ENCODING 'UTF8')")
_ANALYZE = compose("ANALYZE {aside}")


class Loader:
    """One load, within a transaction that `begin` has opened on the connection.

    `base` is the last position in use before. The record at `index` of the file gets position base + 1 + index.
    `all_aside`: none is new before it is settled.
    """

    def __init__(self, connection: psycopg.Connection[Any], base: int, all_aside: bool) -> None:
        self.connection = connection
        self.base = base
        self.all_aside = all_aside
        self.copied = Tally()
        self.aside = 0
        self._seen = Seen()
        self._block: list[bytes] = []

    def is_new(self, row: Row) -> bool:
        """Whether neither the file so far nor the table has its keys. False may mean: perhaps."""
        return not (self.all_aside or self._seen.before(row.id, row.patient_id))

    @contextmanager
    def copying(self) -> Iterator[None]:
        """The block in which `copy` and `put_aside` may be called; all rows are with the database behind it."""
        if not self.all_aside:
            self._remember_table()
        with TemporaryFile() as self._waiting:
            with self.connection.cursor().copy(_COPY) as self._copy:
                yield
                self._copy.write(b"".join(self._block))
            self._send_aside()

    def copy(self, index: int, row: Row) -> None:
        line = self._line(index, row)
        self.copied = self.copied.plus(1, digest(line))
        self._block.append(line)
        if len(self._block) == _ROWS:
            self._copy.write(b"".join(self._block))
            self._block.clear()

    def put_aside(self, index: int, row: Row, places: str) -> None:
        line = self._line(index, row)
        self.aside += 1
        self._waiting.write(b"%b\t%d\t%b\n" % (line[:-1], digest(line), places.encode()))

    def commit(self, records: int) -> None:
        """Let the API's next position be behind the file's last; the very last thing, as no rollback undoes it."""
        if records:
            self.connection.execute(_USED, [self.base + records])
        self.connection.commit()

    def _line(self, index: int, row: Row) -> bytes:
        return b"%d\t%b" % (self.base + 1 + index, row.line)

    def _remember_table(self) -> None:
        with self.connection.cursor().copy(_KEYS) as lines:
            for line in lines:
                record_id, patient_id = bytes(line).rstrip(b"\n").split(b"\t")
                self._seen.before(record_id, patient_id)

    def _send_aside(self) -> None:
        if not (self.aside or self.all_aside):
            return
        self.connection.execute(_MAKE_ASIDE)
        self._waiting.seek(0)
        with self.connection.cursor().copy(_COPY_ASIDE) as copy:
            while block := self._waiting.read(_BYTES):
                copy.write(block)
        self.connection.execute(_ANALYZE)


def begin(connection: psycopg.Connection[Any], all_aside: bool = False) -> Loader:
    """Open the transaction, wait for writers to end and keep new ones out until it ends."""
    connection.execute(_SETTINGS)
    connection.execute(_LOCK)
    (base,) = connection.execute(_LAST).fetchone() or (0,)
    return Loader(connection, base, all_aside)
