"""The SQL of the use cases, each compiled once. Values are bound; every row comes back as the JSON text of a patient.

Writes that share a round trip each settle by themselves: what cannot be done at once is left out of the answer.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, REGCLASS, insert

from app.jsonserver.statement import wire_row
from app.models.patient import TABLE
from app.schemas.patient import COLUMNS
from app.sql import Query, compile_sql, constant

_LOCK_TIMEOUT = "50ms"
TAG_LENGTH = 32  # hex digits, 128 bits
WRITABLE = tuple(column for column in COLUMNS.values() if column != "id")

_BY_ID = TABLE.c.id == bindparam("key")
_BY_IDS = TABLE.c.id == func.any(bindparam("keys", type_=ARRAY(Text)))


NEEDS = Query(
    """
SELECT to_regclass(%(table)s) IS NOT NULL,
       count(attnum) = count(*),
       bool_and(has_column_privilege(attrelid, attnum, 'SELECT')),
       bool_and(has_table_privilege(attrelid, 'DELETE') AND has_column_privilege(attrelid, attnum, 'INSERT')
         AND has_column_privilege(attrelid, attnum, 'UPDATE')) FILTER (WHERE name = ANY(%(written)s::text[])),
       current_setting('transaction_read_only')::bool
FROM unnest(%(columns)s::text[]) AS needed(name)
LEFT JOIN pg_attribute ON attrelid = to_regclass(%(table)s) AND attname = name AND NOT attisdropped
""",
    {"table": TABLE.name, "columns": [*TABLE.c.keys()], "written": [*WRITABLE, "extra"]},
)
"""What requests need: yields one row, `outages.Needs`. Waits for no lock: a table that somebody holds is there."""


@cache
def overview() -> str:
    """-> (how many, the first id or NULL)."""
    first = select(TABLE.c.id).order_by(TABLE.c.position).limit(literal_column("1")).scalar_subquery()
    return compile_sql(select(func.count(), first).select_from(TABLE))


@cache
def select_by_ids() -> str:
    """keys -> (id, row) of each that there is."""
    return compile_sql(select(TABLE.c.id, wire_row()).where(_BY_IDS))


@cache
def insert_one() -> str:
    """Values by column, extra as JSON text -> (row)."""
    values: dict[str, Any] = {name: bindparam(name) for name in COLUMNS.values()} | {"extra": _extra()}
    return compile_sql(insert(TABLE).values(values).returning(wire_row()))


@cache
def step_over() -> str:
    """Lift the sequence of positions above those that somebody gave by hand, where the database's user may do that."""
    sequence = func.pg_get_serial_sequence(constant(TABLE.name), constant(TABLE.c.position.name))
    highest = select(func.greatest(func.max(TABLE.c.position), func.pg_sequence_last_value(cast(sequence, REGCLASS))))
    lifted = func.setval(sequence, highest.scalar_subquery())
    return compile_sql(select(lifted).where(func.has_sequence_privilege(sequence, constant("UPDATE"))))


@cache
def insert_many() -> str:
    """records (see `_sent`) -> (id, row) of each whose id and patientID nobody has. See `_quickly`."""
    sent = _sent()
    values = [*(sent.c[name] for name in COLUMNS.values()), cast(sent.c.extra, JSONB)]
    source = select(*values).where(_quickly())
    statement = insert(TABLE).from_select([*COLUMNS.values(), "extra"], source).on_conflict_do_nothing()
    return compile_sql(statement.returning(TABLE.c.id, wire_row()))


@cache
def update_one(columns: tuple[str, ...], merge: bool, conditional: bool) -> str:
    """key, values of these columns, extra as JSON text (merged or replaced), versions if conditional -> (row)."""
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    values["extra"] = TABLE.c.extra.op("||")(_extra()) if merge else _extra()
    return compile_sql(update(TABLE).where(_BY_ID, *_precondition(conditional)).values(values).returning(wire_row()))


@cache
def patch_many() -> str:
    """keys, records (see `_sent`; a column that is absent keeps its value) -> (id, row) of each that was free.

    A patient whom somebody else is changing is left out, so that nobody waits for a neighbour's lock. See `_quickly`.
    """
    sent = _sent()
    free = select(TABLE.c.id).where(_BY_IDS).with_for_update(skip_locked=True).cte("free")
    values: dict[str, Any] = {name: func.coalesce(sent.c[name], TABLE.c[name]) for name in WRITABLE}
    values["extra"] = TABLE.c.extra.op("||")(cast(sent.c.extra, JSONB))
    statement = update(TABLE).where(TABLE.c.id == free.c.id, sent.c.id == free.c.id, _quickly()).values(values)
    return compile_sql(statement.returning(TABLE.c.id, wire_row()))


@cache
def delete_one(conditional: bool) -> str:
    """key, versions if conditional -> (row)."""
    return compile_sql(delete(TABLE).where(_BY_ID, *_precondition(conditional)).returning(wire_row()))


def _extra() -> ColumnElement[Any]:
    return cast(bindparam("extra", type_=Text), JSONB)


def _sent() -> TableValuedAlias:
    """`records`, a JSON array of objects by column name, as a table: one value to bind, however many there are."""
    columns = [column(name, TABLE.c[name].type) for name in COLUMNS.values()]
    records = func.json_to_recordset(cast(bindparam("records", type_=Text), JSON))
    return records.table_valued(*columns, column("extra", Text)).render_derived(name="sent", with_types=True)


def _quickly() -> ColumnElement[bool]:
    """True, and the statement waits at most `_LOCK_TIMEOUT` for a lock: where another client has written an id or
    patientID that one of the patients wants, and has not committed, the others should not wait for the end of it
    (PostgreSQL, Index Uniqueness Checks).

    An uncorrelated subquery is evaluated once, before the first row is written; the setting ends with the statement.
    """
    limit = select(func.set_config(constant("lock_timeout"), constant(_LOCK_TIMEOUT), true()))
    return limit.scalar_subquery().is_not(None)


def _precondition(conditional: bool) -> list[ColumnElement[bool]]:
    """`etag` in SQL: compared within the statement that writes, so no change can slip between."""
    if not conditional:
        return []
    digest = func.encode(func.sha256(func.convert_to(wire_row(), constant("UTF8"))), constant("hex"))
    tag = func.concat(constant('"'), func.left(digest, literal_column(str(TAG_LENGTH))), constant('"'))
    return [tag == func.any(bindparam("versions", type_=ARRAY(Text)))]
