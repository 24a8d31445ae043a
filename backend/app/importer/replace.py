"""`--replace`: the table becomes what the file says. What is the same stays, in the file's order; all else goes.

Before `settle` lets the staged records in, `make_room` takes out what is not there just so.
"""

from typing import NamedTuple

from app.importer.settle import demand_equal
from app.importer.stage import Stage

# A row stays if the first of the file's records with its id, and the first with each other key, are it.
_MAKE_ROOM = """
    WITH stays$ AS MATERIALIZED (
        SELECT t.id FROM {table} t JOIN {stage} s USING (id) WHERE {row_s} IS NOT DISTINCT FROM {row_t} AND {firsts}
    ), gone$ AS (
        DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM stays$ WHERE stays$.id = t.id) RETURNING id
    )
    SELECT count(*) - count(s.id), count(s.id) FROM gone$ LEFT JOIN (SELECT DISTINCT id FROM {stage}) s USING (id)
"""
_FIRST = "(s.{key} IS NULL OR s.position IN (SELECT min(position) FROM {stage} GROUP BY {key}))"
_OUT_OF_ORDER = """
    SELECT EXISTS (SELECT FROM (
        SELECT t.position, lag(t.position) OVER (ORDER BY s.position) AS before$
        FROM {table} t JOIN {stage} s USING (id)
    ) pair WHERE position < before$)
"""
_PUT_IN_ORDER = """
    UPDATE {table} t SET position = {base} + 1 + s.position FROM {stage} s
    WHERE s.id = t.id AND t.position <> {base} + 1 + s.position
"""
_VERIFY = """
    SELECT count(*), count(*) FILTER (WHERE s.position IS NOT NULL AND {row_s} IS NOT DISTINCT FROM {row_t})
    FROM {table} t LEFT JOIN {stage} s USING (id)
"""


class Went(NamedTuple):
    """How many rows the table had that the file does not have, and how many it has with other content."""

    removed: int = 0
    changed: int = 0


def make_room(stage: Stage) -> Went:
    """Take out every row that the file does not have just so."""
    firsts = (stage.sql(_FIRST, key=stage.column(key)).decode() for key in stage.keys)
    return Went(*stage.one(_MAKE_ROOM, firsts=" AND ".join(firsts)))


def put_in_order(stage: Stage) -> None:
    """For a file of which every record is in."""
    if stage.one(_OUT_OF_ORDER) == (True,):
        stage.run(_PUT_IN_ORDER)


def verify(stage: Stage) -> int:
    """How many rows the table has: those of the file, and no other. Raises `DatabaseFailed` if it is not so."""
    return demand_equal(stage.one(_VERIFY), stage.records)
