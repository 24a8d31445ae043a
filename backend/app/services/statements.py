"""The fixed SQL of one resource's use cases. Values are bound; every row comes back as the JSON text of a record.

What is written comes as `%(records)s`, a JSON array of objects by column name with the undeclared fields as `extra`:
one value to bind, made once, however many records there are. Writes that share a round trip each settle by themselves:
what cannot be done at once is left out of the answer.
"""

import json
from collections.abc import Iterable
from functools import cached_property

from app.dialect.relations import Dependence
from app.dialect.row import row, weight
from app.limits import SHARED_BYTES
from app.resource.fields import Field
from app.resource.ids import NUMBERS
from app.resource.journal import SIGNED
from app.resource.resource import Resource
from app.sql import quoted, quoted_text

_LOCK_TIMEOUT = "50ms"
TAG_LENGTH = 32  # hex digits, 128 bits
# True, and the statement waits at most so long for a lock: where another client has written an id or another unique
# value that one of the records wants, and has not committed, the others should not wait for the end of it (PostgreSQL,
# Index Uniqueness Checks). An uncorrelated subquery is evaluated once, before the first row is written; the setting
# ends with the statement.
_QUICKLY = f"(SELECT set_config('lock_timeout', '{_LOCK_TIMEOUT}', true)) IS NOT NULL"

# True, and the journal knows who writes. Of the statement alone, and before its first row too.
SIGNS = f"(SELECT set_config('{SIGNED}', %(by)s, true)) IS NOT NULL"

_PLACE = '"position"'  # of a record among those that were sent, from 1; no declared field can have this name

# An own id above the count is where it goes on from. Two at once take turns: the lock is that of the sequence's name.
_LIFTED = """CASE WHEN id > coalesce(pg_sequence_last_value({sequence}::regclass), 0) THEN
    (SELECT setval({sequence}, greatest(id, pg_sequence_last_value({sequence}::regclass)))
     FROM pg_advisory_xact_lock(hashtext({sequence}))) END"""


class Statements:
    """The SQL of one resource. `%(key)s` is an id, `%(keys)s` several, `%(versions)s` entity tags."""

    def __init__(self, resource: Resource) -> None:
        fields = resource.fields.values()
        self._table, self._row, self._extra = resource.sql, row(resource), resource.extra
        self._id, self._key = resource.fields["id"].sql, resource.fields["id"].kind.sql
        self._resource = resource
        self._first = f"SELECT {self._id}::text FROM {self._table} ORDER BY {resource.position} LIMIT 1"
        self._columns = [quoted(field.column) for field in fields]
        self._written = {field.column: field for field in fields if field.name != "id"}
        self._values = [self._value(field) for field in fields]
        listed = "json_to_recordset(%(records)s::json) AS"
        self._sent = f"{listed} sent$({resource.typed})"
        self._placed = (
            f"ROWS FROM ({listed} ({resource.typed})) WITH ORDINALITY"
            f" AS sent$({', '.join(self._columns)}, extra, {_PLACE})"
        )
        self._counted = ("position", "id") if resource.ids is NUMBERS else ("position",)

    @cached_property
    def overview(self) -> str:
        """-> (how many, the first id or NULL)."""
        return f"SELECT count(*), ({self._first}) FROM {self._table}"

    @cached_property
    def step_over(self) -> str:
        """records -> lifts the sequences of positions and ids above all that there are, and these ids, where we may."""
        return ", ".join(["SELECT NULL", *map(self._stepped_over, self._counted)]) + f" FROM {self._table}"

    @cached_property
    def select_by_ids(self) -> str:
        """keys -> (id, row) of each that there is; without its row if that is above `SHARED_BYTES`."""
        small = f"CASE WHEN {weight(self._resource)} <= {SHARED_BYTES} THEN {self._row} END"
        return f"SELECT {self._id}::text, {small} FROM {self._table} WHERE {self._among}"

    @cached_property
    def select_large(self) -> str:
        """key -> (row), whatever its size."""
        return f"SELECT {self._row} FROM {self._table} WHERE {self._id} = %(key)s::{self._key}"

    @cached_property
    def insert(self) -> str:
        """keys, records -> (…, id, row) of each; a value that another record has fails them all.

        What comes first is the record's key among those sent, by which its answer is known.
        """
        return self._inserting("{signed}")

    @cached_property
    def insert_free(self) -> str:
        """As `insert`, of each whose id and other unique values nobody has, and no lock is long waited for."""
        return self._inserting(f"{{signed}} AND {_QUICKLY} ON CONFLICT DO NOTHING")

    def taken(self, name: str) -> str:
        """records -> (place), from 0, of the first whose value of this unique field another has, also among them."""
        column = quoted(self._resource.fields[name].column)
        held = f"EXISTS (SELECT FROM {self._table} WHERE {self._table}.{column} = sent$.{column})"
        again = f"row_number() OVER (PARTITION BY sent$.{column} ORDER BY {_PLACE}) > 1"
        sent = f"SELECT {_PLACE}, sent$.{column} IS NOT NULL AND ({held} OR {again}) AS taken$ FROM {self._placed}"
        return f"SELECT min({_PLACE}) - 1 FROM ({sent}) AS sent$ WHERE taken$"

    @cached_property
    def patch_free(self) -> str:
        """keys, records (what is absent keeps its value) -> (id, row) of each that was free.

        A record that somebody else is changing is left out, so that nobody waits for a neighbour's lock.
        """
        free = f"SELECT {self._id} FROM {self._table} WHERE {self._among} FOR UPDATE SKIP LOCKED"
        kept = (f"{name} = coalesce(sent$.{name}, {self._table}.{name})" for name in map(quoted, self._written))
        named = (
            f"CASE WHEN sent$.{quoted(column)} IS NOT NULL THEN {quoted_text(field.name)} END"
            for column, field in self._written.items()
            if field.optional
        )
        changes = ", ".join([*kept, f"extra = {self._without(named)} || sent$.extra"])
        return (
            f"WITH free$ AS ({free}) UPDATE {self._table} SET {changes} FROM free$, {self._sent}"
            f" WHERE {self._id} = free$.id AND sent$.id = free$.id AND {SIGNS} AND {_QUICKLY} {self._returning}"
        )

    @cached_property
    def replace(self) -> str:
        """key, records of one, versions -> (id, row)."""
        return self._update(self._written.values(), "sent$.extra")

    def patch(self, columns: Iterable[str]) -> str:
        """key, records of one, versions -> (id, row). Changes these columns, and merges the undeclared fields."""
        fields = [self._written[column] for column in columns]
        replaced = (quoted_text(field.name) for field in fields if field.optional)
        return self._update(fields, f"{self._without(replaced)} || sent$.extra")

    def delete(self, dependents: Iterable[Dependence] = ()) -> str:
        """key, versions -> (id, row) as it was. What becomes of its dependents happens with it or not at all."""
        changes = list(map(_change, dependents))
        deleted = f"DELETE FROM {self._table} WHERE {self._meant} AND {SIGNS}"
        if not changes:
            return f"{deleted} {self._returning}"
        gone = f"gone$(key$, id, row$) AS ({deleted} RETURNING {self._id}, {self._id}::text, {self._row})"
        others = (f"changed{place}$ AS ({change})" for place, change in enumerate(changes))
        return f"WITH {', '.join([gone, *others])} SELECT id, row$ FROM gone$"

    def _inserting(self, how: str) -> str:
        if "id" in self._counted:
            return self._counting(how)
        columns, values = ", ".join([*self._columns, "extra"]), ", ".join([*self._values, "extra"])
        into = f"INSERT INTO {self._table} ({columns}) SELECT {values} FROM {self._sent}"
        return f"{into} WHERE {how.format(signed=SIGNS)} {self._returning}"

    def _counting(self, how: str) -> str:
        """Where the table counts: a record without an id gets the next one, and one with an id lifts the count."""
        sequence, columns = self._resource.sequence("id"), ", ".join([*self._columns, "extra"])
        values = [f"CASE WHEN sent$.id IS NULL THEN nextval({sequence}) ELSE sent$.id END", *self._values[1:]]
        named = ", ".join(f"{value} AS {column}" for value, column in zip(values, self._columns, strict=True))
        by = f"(SELECT json_object_agg(id, %(by)s::json -> (%(keys)s::text[])[{_PLACE}])::text FROM new$)"
        signed = f"(SELECT set_config('{SIGNED}', {by}, true)) IS NOT NULL"
        stored = f"INSERT INTO {self._table} ({columns}) SELECT {columns} FROM new$ WHERE {how.format(signed=signed)}"
        return (
            f"WITH new$ AS MATERIALIZED (SELECT {named}, extra, {_PLACE} FROM {self._placed}),"
            f" stored$ AS ({stored} RETURNING {self._id}, {self._row} AS row$)"
            f" SELECT (%(keys)s::text[])[{_PLACE}], {_LIFTED.format(sequence=sequence)}, id::text, stored$.row$"
            f" FROM stored$ JOIN new$ USING (id) ORDER BY {_PLACE}"
        )

    def _stepped_over(self, column: str) -> str:
        sequence = self._resource.sequence(column)
        sent = f", (SELECT max(sent$.id) FROM {self._sent})" if column == "id" else ""
        highest = f"greatest(max({self._table}.{column}), pg_sequence_last_value({sequence}::regclass){sent})"
        return f"CASE WHEN has_sequence_privilege({sequence}, 'UPDATE') THEN setval({sequence}, {highest}) END"

    def _update(self, fields: Iterable[Field], extra: str) -> str:
        changes = ", ".join(
            [*(f"{quoted(field.column)} = {self._value(field)}" for field in fields), f"extra = {extra}"]
        )
        return f"UPDATE {self._table} SET {changes} FROM {self._sent} WHERE {self._meant} AND {SIGNS} {self._returning}"

    @staticmethod
    def _value(field: Field) -> str:
        """What was sent$. PostgreSQL makes SQL's NULL of JSON's, which is a value where any JSON is one."""
        sent = f"sent$.{quoted(field.column)}"
        return sent if field.kind.scalar or field.optional else f"coalesce({sent}, 'null')"

    def _without(self, names: Iterable[str]) -> str:
        """The undeclared fields without the nulls of declared ones that get a value now."""
        listed = ", ".join(names)
        return f"{self._extra} - array_remove(ARRAY[{listed}]::text[], NULL)" if listed else self._extra

    @property
    def _among(self) -> str:
        return f"{self._id} = ANY(%(keys)s::{self._key}[])"

    @property
    def _meant(self) -> str:
        """The record with this id, if it is one of the versions asked for: `etag` in SQL, compared within the statement
        that writes, so no change can slip between."""
        digest = f"left(encode(sha256(convert_to({self._row}, 'UTF8')), 'hex'), {TAG_LENGTH})"
        tag = f"concat('\"', {digest}, '\"')"
        versions = "%(versions)s::text[]"
        return f"{self._id} = %(key)s::{self._key} AND ({versions} IS NULL OR {tag} = ANY({versions}))"

    @property
    def _returning(self) -> str:
        return f"RETURNING {self._id}::text, {self._row}"


def _change(dependence: Dependence) -> str:
    """What a DELETE of the record that is `gone` does to its children."""
    relation, child = dependence.relation, dependence.relation.child
    keys = relation.keys(by_text=dependence.by_text)
    belong = f"{relation.known} AND {keys.of_child} = {keys.of_id.format('gone$.key$')}"
    if dependence.deleted:
        return f"DELETE FROM {child.sql} USING gone$ WHERE {belong}"
    field, null = child.fields.get(relation.key), quoted_text(json.dumps({relation.key: None}))
    extra = [] if field and not field.optional else [f"extra = {child.extra} || {null}::jsonb"]
    column = [f"{quoted(field.column)} = {_nothing(field)}"] if field else []
    return f"UPDATE {child.sql} SET {', '.join([*column, *extra])} FROM gone$ WHERE {belong}"


def _nothing(field: Field) -> str:
    """SQL's NULL, which PostgreSQL refuses where the field is required; JSON's, where any JSON is a value."""
    return "NULL" if field.kind.scalar or field.optional else "'null'"
