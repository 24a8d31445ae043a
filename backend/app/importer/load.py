"""Rows into the table: one transaction, one COPY, under a lock that is taken when nothing is left to wait for."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from app.importer.seen import Seen
from app.importer.spool import Spool
from app.importer.table import compose
from app.importer.verify import Tally, digest

_ROWS = 256  # at once to the database

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
_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text"
_KEYS = "COPY (SELECT id, patient_id FROM {table} WHERE {which}) TO STDOUT (ENCODING 'UTF8')"
# What no statement of that time has seen has a transaction number from then on (PostgreSQL 9.28.10, 66.1).
_SINCE = "age(xmin) <= age({then}::xid)"
_COPY = compose("COPY {table} ({columns}) FROM STDIN (ENCODING 'UTF8')")
_MAKE_ASIDE = compose(
    "CREATE TEMPORARY TABLE {aside} ON COMMIT DROP AS"
    " SELECT {columns}, 0::bigint AS digest, ''::text AS places FROM {table} WITH NO DATA"
)
_COPY_ASIDE = compose("COPY {aside} FROM STDIN (ENCODING 'UTF8')")
_ANALYZE = compose("ANALYZE {aside}")


class Known(NamedTuple):
    """The keys that the table had, and a transaction number: rows of an older one were there, or never will be."""

    keys: Seen
    then: str


class Loader:
    """One load, within a transaction that `begin` has opened on the connection.

    `base` is the last position in use before. The record at `index` of the file gets position base + 1 + index.
    """

    def __init__(self, connection: psycopg.Connection[Any], base: int, spool: Spool) -> None:
        self.connection = connection
        self.base = base
        self.copied = Tally()
        self.spool = spool

    def load(self, then: str, on_rows: Callable[[int], None]) -> None:
        """Copy the new rows; put those aside whose keys came into the table since `then`, and send what is aside."""
        late = _keys(self.connection, sql.SQL(_SINCE).format(then=then))
        self._send(_COPY, self._still_new(late), on_rows)
        if self.spool.aside or self.spool.all_aside:
            self.connection.execute(_MAKE_ASIDE)
            self._send(_COPY_ASIDE, self.spool.lines_aside(), lambda _: None)
            self.connection.execute(_ANALYZE)

    def commit(self, records: int) -> None:
        """Let the API's next position be behind the file's last; the very last thing, as no rollback undoes it."""
        if records:
            self.connection.execute(_USED, [self.base + records])
        self.connection.commit()

    def _still_new(self, late: Seen) -> Iterator[bytes]:
        for line in self.spool.new_lines():
            if late.any and late.has(*line.split(b"\t", 3)[1:3]):
                self.spool.put_line_aside(line)
            else:
                self.copied = self.copied.plus(1, digest(line))
                yield line

    def _send(self, statement: sql.Composed, lines: Iterator[bytes], on_rows: Callable[[int], None]) -> None:
        sent, positioned = 0, map(self._positioned, lines)
        with self.connection.cursor().copy(statement) as copy:
            while block := b"".join(islice(positioned, _ROWS)):
                copy.write(block)
                on_rows(sent := sent + _ROWS)

    def _positioned(self, line: bytes) -> bytes:
        index, row = line.split(b"\t", 1)
        return b"%d\t%b" % (self.base + 1 + int(index), row)


def known(connection: psycopg.Connection[Any]) -> Known:
    """What the table has now."""
    connection.execute(_SETTINGS)
    (then,) = connection.execute(_NOW).fetchone() or ("0",)
    return Known(_keys(connection, sql.SQL("true")), then)


def begin(connection: psycopg.Connection[Any], spool: Spool) -> Loader:
    """Open the transaction, wait for writers to end and keep new ones out until it ends."""
    connection.execute(_SETTINGS)
    connection.execute(_LOCK)
    (base,) = connection.execute(_LAST).fetchone() or (0,)
    return Loader(connection, base, spool)


def _keys(connection: psycopg.Connection[Any], which: sql.Composable) -> Seen:
    keys = Seen()
    with connection.cursor().copy(compose(_KEYS, which=which)) as lines:
        for line in lines:
            keys.before(*bytes(line).rstrip(b"\n").split(b"\t"))
    return keys
