"""Staged records into the table, as far as their keys are free, and verified; what was left is told apart by SQL.

First wins. Who was left is unchanged (the table had just this record), a duplicate (an earlier record of the file has
one of its keys) or in conflict (the table has other content under one).
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from app.importer.connection import DatabaseFailed
from app.importer.place import pointer
from app.importer.stage import Stage
from app.resource.record import Fault

_INSERT = """
    INSERT INTO {table} ({columns}) SELECT {base} + 1 + s.position, {content} FROM {stage} s ORDER BY s.position
    ON CONFLICT DO NOTHING
"""
_REST = """
    CREATE TEMPORARY TABLE {rest} ON COMMIT DROP AS SELECT * FROM {stage} s
    WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.position = {base} + 1 + s.position)
"""
# The rows that were there before and that records of the file equal, with the first such record.
_SAME = """
    CREATE TEMPORARY TABLE {same} ON COMMIT DROP AS
    SELECT t.position AS there$, min(s.position) AS first$ FROM {rest} s JOIN {table} t USING (id)
    WHERE t.position <= {base} AND {row_s} IS NOT DISTINCT FROM {row_t} GROUP BY t.position
"""
# Who holds one of the keys of each record that was left: an earlier record of the file, by its index, if its row is new
# or equals a row that was there before; NULL for another row.
_HELD = """
    SELECT s.position, {number}, CASE WHEN t.position > {base} THEN t.position - {base} - 1 ELSE e.first$ END
    FROM {rest} s
    JOIN {table} t ON t.{key} = s.{key} AND (t.position <= {base} OR t.position < {base} + 1 + s.position)
    LEFT JOIN {same} e ON e.there$ = t.position AND e.first$ <= s.position
    WHERE NOT EXISTS (SELECT FROM {same} WHERE first$ = s.position)
"""
_IN = "SELECT position - {base} - 1 FROM {table} WHERE position > {base} ORDER BY position"
_VERIFY = """
    SELECT count(*), count(*) FILTER (WHERE s.position IS NOT NULL AND {row_s} IS NOT DISTINCT FROM {row_t})
    FROM {table} t LEFT JOIN {stage} s ON s.position = t.position - {base} - 1 WHERE t.position > {base}
"""
_NO_REASON = "verification: the table left out a row whose keys are free; nothing was changed"
_AT_ONCE = 5000


class Left(NamedTuple):
    """A record that did not go in, by its index in the list, and why."""

    record: int
    verdict: str
    faults: list[Fault]


def settle(stage: Stage) -> tuple[int, Iterator[Left]]:
    """Write what can be written. How many records the table had already, and what else was left, in file order."""
    stage.migrated = stage.run(_INSERT).rowcount
    if stage.migrated == stage.records:
        return 0, iter(())
    stage.run(_REST)
    stage.run("ANALYZE {rest}")
    stage.run(_SAME)
    stage.run("ANALYZE {same}")
    (unchanged,) = stage.one("SELECT count(*) FROM {same}")
    return unchanged, _left(stage, stage.records - stage.migrated - unchanged)


def written(stage: Stage) -> Iterator[int]:
    """The indices of the records that went in."""
    return (index for (index,) in _streamed(stage, stage.sql(_IN)))


def verify(stage: Stage) -> int:
    """How many rows were written; the table holds them as the file has them. Raises `DatabaseFailed` if it does not."""
    return demand_equal(stage.one(_VERIFY), stage.migrated)


def demand_equal(found: tuple[int, int], rows: int) -> int:
    """Raise `DatabaseFailed` unless so many rows were found, and as many that are equal. How many."""
    if found != (rows, rows):
        raise DatabaseFailed("verification: the table does not hold what the file says; nothing was changed")
    return rows


def _left(stage: Stage, expected: int) -> Iterator[Left]:
    """Raises `DatabaseFailed` if there is no reason for one."""
    queries = (stage.sql(_HELD, number=str(number), key=stage.column(key)) for number, key in enumerate(stage.keys))
    held = _streamed(stage, b" UNION ALL ".join(queries) + b" ORDER BY 1, 2") if expected else ()
    for index, holders in groupby(held, key=itemgetter(0)):
        faults = [_fault(stage, stage.keys[key], first) for _, key, first in holders]
        yield Left(index, "duplicate" if any(fault.code == "duplicate" for fault in faults) else "conflict", faults)
        expected -= 1
    if expected:
        raise DatabaseFailed(_NO_REASON)


def _fault(stage: Stage, key: str, first: int | None) -> Fault:
    if first is None:
        return Fault(key, "conflict", "is in the table already, with other content")
    return Fault(key, "duplicate", f"stands earlier in the file, at {pointer(stage.resource.path, first)}")


def _streamed(stage: Stage, query: bytes) -> Iterator[tuple[Any, ...]]:
    with stage.connection.cursor(name="streamed") as cursor:
        cursor.itersize = _AT_ONCE
        yield from cursor.execute(query, ())
