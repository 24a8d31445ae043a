"""`--replace`: the table becomes what the file says. What is the same stays, in the file's order; all else goes.

Every record of the file waits aside, as one that may repeat a key; before `settle` lets them in, `make_room` takes out
what is not there just so.
"""

from typing import NamedTuple

from psycopg.sql import Composed, Literal

from app.importer.load import Loader
from app.importer.table import compose, content_of, row_of
from app.importer.verify import Tally

# A row stays if the first of the file's records with its id and the first with its patientID are it.
_MAKE_ROOM = """
    WITH stays AS MATERIALIZED (
        SELECT id FROM {table} t JOIN {aside} a USING (id) WHERE {row_of_a} = {row_of_t}
            AND a.position IN (SELECT min(position) FROM {aside} GROUP BY id)
            AND a.position IN (SELECT min(position) FROM {aside} GROUP BY patient_id)
    ), gone AS (
        DELETE FROM {table} t WHERE NOT EXISTS (SELECT FROM stays WHERE stays.id = t.id) RETURNING id
    )
    SELECT count(*) - count(a.id), count(a.id) FROM gone LEFT JOIN (SELECT DISTINCT id FROM {aside}) a USING (id)
"""
_OUT_OF_ORDER = compose("""
    SELECT EXISTS (SELECT FROM (
        SELECT t.position, lag(t.position) OVER (ORDER BY a.position) AS before FROM {table} t JOIN {aside} a USING (id)
    ) pair WHERE position < before)
""")
_PUT_IN_ORDER = compose(
    "UPDATE {table} t SET position = a.position FROM {aside} a WHERE a.id = t.id AND a.position <> t.position"
)
_ALL = compose("SELECT count(*), coalesce(sum(digest), 0)::text FROM {aside}")
# By the file's indices: where the order was right, the table has its old positions.
_ROWS = "SELECT a.position - {base} - 1, {content_of_t} FROM {table} t LEFT JOIN {aside} a USING (id)"


class Went(NamedTuple):
    """How many rows the table had that the file does not have, and how many it has with other content."""

    removed: int = 0
    changed: int = 0


def make_room(loader: Loader) -> Went:
    """Take out every row that the file does not have just so."""
    query = compose(_MAKE_ROOM, row_of_a=row_of("a"), row_of_t=row_of("t"))
    return Went(*loader.connection.execute(query).fetchone() or ())


def put_in_order(loader: Loader) -> Tally:
    """For a file of which every record is in. The tally of what the table is to hold now."""
    if loader.connection.execute(_OUT_OF_ORDER).fetchone() == (True,):
        loader.connection.execute(_PUT_IN_ORDER)
    number, digests = loader.connection.execute(_ALL).fetchone() or (0, "0")
    return Tally().plus(number, int(digests))


def rows(loader: Loader) -> Composed:
    """The query of what the table holds, by the index in the file."""
    return compose(_ROWS, base=Literal(loader.base), content_of_t=content_of("t"))
