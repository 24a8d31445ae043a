"""Records that may repeat a key, told apart by SQL: in after all, already there, duplicate, or conflict. First wins."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from app.importer.connection import DatabaseFailed
from app.importer.load import Loader
from app.importer.table import compose, row_of
from app.importer.verify import Tally

_INSERT = compose(
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM {aside} ORDER BY position ON CONFLICT DO NOTHING"
)
_INSERTED = compose("SELECT count(*), coalesce(sum(a.digest), 0)::text FROM {aside} a JOIN {table} USING (position)")

# The rows that were there before and that records of the file equal, with the first such record. A table of its own,
# with an index, because the planner cannot guess its size.
_EQUAL = """
    CREATE TEMPORARY TABLE {equal} ON COMMIT DROP AS
        SELECT t.position, min(a.position) AS first FROM {aside} a JOIN {table} t USING (id)
        WHERE t.position <= {base} AND {row_of_a} = {row_of_t} GROUP BY t.position
"""
_EQUAL_INDEX = compose("CREATE UNIQUE INDEX ON {equal} (position)")
_ANALYZE = compose("ANALYZE {equal}")

# Who holds the id, and who the patientID, of each record that did not go in. An index within the file names the holder
# where that is an earlier record: its row is new, or it equals a row that was there before.
_LEFT_OUT = """
    SELECT a.position - {base} - 1, a.places, a.id, a.patient_id,
        i.position IS NOT NULL, CASE WHEN i.position > {base} THEN i.position ELSE i_equal.first END - {base} - 1,
        p.position IS NOT NULL, CASE WHEN p.position > {base} THEN p.position ELSE p_equal.first END - {base} - 1
    FROM {aside} a
    LEFT JOIN {table} mine ON mine.position = a.position
    LEFT JOIN {table} i ON i.id = a.id AND (i.position <= {base} OR i.position < a.position)
    LEFT JOIN {equal} i_equal ON i_equal.position = i.position AND i_equal.first <= a.position
    LEFT JOIN {table} p ON p.patient_id = a.patient_id AND (p.position <= {base} OR p.position < a.position)
    LEFT JOIN {equal} p_equal ON p_equal.position = p.position AND p_equal.first <= a.position
    WHERE mine.position IS NULL
    ORDER BY a.position
"""


class Holder(NamedTuple):
    """Who has a key: the file's record at index `first`, or (None) a row of the table that was there before."""

    first: int | None


class LeftOut(NamedTuple):
    """A record that did not go in, by its index in the file, and who holds its keys. `places` as it was put aside."""

    record: int
    places: str
    id: str
    patient_id: str
    id_holder: Holder | None
    patient_id_holder: Holder | None

    @property
    def unchanged(self) -> bool:
        """The table had just this record."""
        return self.id_holder == Holder(self.record)


def settle(loader: Loader) -> tuple[Tally, Iterator[LeftOut]]:
    """What the loader has written when what it put aside is in, as far as the keys are free, and what is not."""
    written = _insert(loader.connection).plus(*loader.copied)
    return written, _left_out(loader.connection, loader.base)


def _insert(connection: psycopg.Connection[Any]) -> Tally:
    connection.execute(_INSERT)
    rows, digests = connection.execute(_INSERTED).fetchone() or (0, "0")
    return Tally().plus(rows, int(digests))


def _left_out(connection: psycopg.Connection[Any], base: int) -> Iterator[LeftOut]:
    """The records that did not go in, in file order. Raises `DatabaseFailed` if there is no reason for one."""
    behind = sql.Literal(base)
    connection.execute(compose(_EQUAL, base=behind, row_of_a=row_of("a"), row_of_t=row_of("t")))
    connection.execute(_EQUAL_INDEX)
    connection.execute(_ANALYZE)
    with connection.cursor(name="left_out") as cursor:
        cursor.itersize = 5000
        cursor.execute(compose(_LEFT_OUT, base=behind))
        for record, places, id_, patient_id, id_held, id_first, patient_id_held, patient_id_first in cursor:
            id_holder = Holder(id_first) if id_held else None
            patient_id_holder = Holder(patient_id_first) if patient_id_held else None
            if not (id_held or patient_id_held):
                raise DatabaseFailed("verification: the table left out a row whose keys are free; nothing was changed")
            yield LeftOut(record, places, id_, patient_id, id_holder, patient_id_holder)
