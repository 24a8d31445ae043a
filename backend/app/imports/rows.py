"""What is said to an import's row by who works on it. Who gets no row back must stop: the import is over already.

That is what makes each state true. `DONE` is part of the import's own transaction; one that was cancelled or declared
lost meanwhile finds no row there, and is rolled back.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import IO, Any, NamedTuple

import psycopg

from app import PROGRAM, libpq

RECEIVING, READING, SETTLING, VERIFYING = "receiving", "reading", "settling", "verifying"
DONE, FAILED, CANCELLED, LOST = "done", "failed", "cancelled", "lost"
STATES = (RECEIVING, READING, SETTLING, VERIFYING, DONE, FAILED, CANCELLED, LOST)

REPORT, REJECTS = "report", "rejects"  # files

GONE_SERVER = "The server that worked on it is gone. Nothing was changed: send it again."

PROGRESS = """
UPDATE imports SET state = %(state)s, step = %(step)s, done = %(done)s, total = %(total)s, records = %(records)s,
  seen = clock_timestamp()
WHERE id = %(id)s AND running RETURNING 1
"""
OVER = """
UPDATE imports SET running = NULL, state = %(state)s, step = NULL, detail = %(detail)s, report = %(report)s::json,
  records = coalesce(%(records)s, records), seen = clock_timestamp()
WHERE id = %(id)s AND running RETURNING 1
"""
_FILE = "INSERT INTO import_files (import_id, name, part, data) VALUES (%s, %s, %s, %s)"
_PART = 1 << 18  # bytes


class Outcome(NamedTuple):
    """How an import has ended. `report`: the brief one, as JSON; `files` are the whole report and the rejects."""

    state: str
    detail: str | None
    report: str | None = None
    records: int | None = None
    files: Mapping[str, IO[bytes]] = {}


class JobRow:
    """One import's. Its methods raise psycopg's errors."""

    def __init__(self, dsn: str, key: str) -> None:
        self._key, self._connect = key, partial(libpq.connect, dsn, f"{PROGRAM}-import", autocommit=True)
        self._connection: psycopg.Connection[Any] | None = None

    def progress(self, **values: Any) -> bool:
        """Say how far it is. Whether it is still to be worked on."""
        return _found(self._connected(), PROGRESS, {"id": self._key, **values})

    def over(self, outcome: Outcome, connection: psycopg.Connection[Any] | None = None) -> bool:
        """Say how it has ended, in the transaction of a connection or in one of its own. Whether it was not over."""
        if connection:
            return self._over(connection, outcome)
        with (own := self._connected()).transaction():
            return self._over(own, outcome)

    def _over(self, connection: psycopg.Connection[Any], outcome: Outcome) -> bool:
        """The row last: from then on who cancels it would have to wait."""
        for name, file in outcome.files.items():
            rows = ((self._key, name, part, data) for part, data in _parts(file))
            connection.cursor().executemany(_FILE, rows)
        values = outcome._asdict()
        del values["files"]
        return _found(connection, OVER, {"id": self._key, **values})

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection


def _found(connection: psycopg.Connection[Any], sql: str, values: Mapping[str, Any]) -> bool:
    return connection.execute(sql.encode(), values).fetchone() is not None


def _parts(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    return enumerate(iter(lambda: file.read(_PART), b""))
