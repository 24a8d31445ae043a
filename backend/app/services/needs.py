"""What a database must have for requests to be served, and for their changes to be on record."""

from collections.abc import Iterable

from app.resource.journal import TRIGGER
from app.resource.resource import Resource
from app.sql import Query

_NEEDS = """
SELECT bool_and(to_regclass(quote_ident("table")) IS NOT NULL),
       count(attnum) = count(*),
       bool_and(has_column_privilege(attrelid, attnum, 'SELECT')),
       bool_and(has_table_privilege(attrelid, 'DELETE') AND has_column_privilege(attrelid, attnum, 'INSERT')
         AND has_column_privilege(attrelid, attnum, 'UPDATE')) FILTER (WHERE written)
         AND coalesce(bool_and(has_sequence_privilege(pg_get_serial_sequence(quote_ident("table"), name), 'USAGE')
         AND has_sequence_privilege(pg_get_serial_sequence(quote_ident("table"), name), 'UPDATE'))
           FILTER (WHERE name = 'id' AND attidentity <> ''), true),
       current_setting('transaction_read_only')::bool,
       current_setting('synchronous_standby_names') <> ''
         AND current_setting('synchronous_commit') NOT IN ('off', 'local')
         AND (NOT EXISTS (SELECT FROM pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum'))
           OR EXISTS (SELECT FROM pg_stat_activity
             WHERE wait_event = 'SyncRep' AND query_start < clock_timestamp() - interval '1 second'))
FROM unnest(%(tables)s::text[], %(columns)s::text[], %(written)s::bool[]) AS needed("table", name, written)
LEFT JOIN pg_attribute
  ON attrelid = to_regclass(quote_ident("table")) AND attname = name AND NOT attisdropped
"""


def needs(resources: Iterable[Resource]) -> Query:
    """What requests need: yields one row, `outages.Needs`. Waits for no lock: a table that somebody holds is there."""
    pairs = [(resource.table.name, column) for resource in resources for column in resource.columns]
    tables, columns = map(list, zip(*pairs, strict=True))
    written = [column not in ("position", "id") for column in columns]
    return Query(_NEEDS, {"tables": tables, "columns": columns, "written": written})


_UNRECORDED = """
SELECT name FROM unnest(%(tables)s::text[]) AS name
WHERE to_regclass(quote_ident(name)) IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(name)) AND tgname = %(trigger)s)
"""


def unrecorded(resources: Iterable[Resource]) -> Query:
    """Yields the names of tables whose changes are not on record."""
    return Query(_UNRECORDED, {"tables": [resource.table.name for resource in resources], "trigger": TRIGGER})
