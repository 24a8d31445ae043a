"""The good records of one collection in a temporary table, until they are settled: one COPY, before anybody is locked.

`position` of a staged record is its index in the file's list; in the resource's table it is `base` + 1 + that.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import IO, Any

import psycopg
from psycopg import Cursor

from app.importer.connection import DatabaseFailed
from app.resource.journal import SIGNED
from app.resource.kinds import TEXT
from app.resource.resource import Resource
from app.sql import quoted

_BLOCK = 1 << 16

# A role's own settings must not cut a long transaction short, nor spell dates another way. LOCAL: nothing stays with
# the session, which a pooler hands to others.
_SETTINGS = """
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SET LOCAL datestyle = 'ISO'
"""
_IS_THERE = "SELECT to_regclass(%s) IS NOT NULL"
_MAKE = "CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA"
_COPY = "COPY {stage} (position, {copied}) FROM STDIN (ENCODING 'UTF8')"
_INDEX = "CREATE UNIQUE INDEX ON {stage} (position)"
# The last position in use, and the highest number that ever was an id.
_LAST = "SELECT greatest((SELECT max(position) FROM {table}), pg_sequence_last_value({positions}), 0)"
_HIGHEST = "SELECT greatest((SELECT max(id) FROM {table}), pg_sequence_last_value({ids}), 0)"
# Records without an id: the rows that they are, none of them twice and none that a record names; then the next numbers.
_LACKS = "SELECT EXISTS (SELECT FROM {stage} WHERE id IS NULL)"
_KNOWN_AGAIN = """
    UPDATE {stage} s SET id = t.id FROM (SELECT *, {nth} FROM {stage} WHERE id IS NULL) w JOIN
        (SELECT *, {nth} FROM {table} t WHERE NOT EXISTS (SELECT FROM {stage} s WHERE s.id = t.id)) t
        USING (hash$, nth$)
    WHERE s.position = w.position AND ({content_w}) IS NOT DISTINCT FROM ({content_t})
"""
_NTH = "hash_record_extended(ROW({0}), 0) AS hash$, row_number() OVER (PARTITION BY {0} ORDER BY position) AS nth$"
_NEXT = """
    UPDATE {stage} s SET id = n.id FROM (
        SELECT position, greatest(%s, (SELECT max(id) FROM {stage})) + row_number() OVER (ORDER BY position) AS id
        FROM {stage} WHERE id IS NULL
    ) n WHERE s.position = n.position
"""
_USED = "SELECT setval({positions}, %s)"
_COUNTED = (
    "SELECT setval({ids}, highest$) FROM (SELECT greatest(max(id), %s) AS highest$ FROM {table}) x WHERE highest$ > 0"
)


class Stage:
    """One collection's.

    `base`: the last position in use before. `records`: how many are staged; `migrated`: how many of them were written.
    """

    def __init__(self, connection: psycopg.Connection[Any], resource: Resource, number: int) -> None:
        self.connection, self.resource = connection, resource
        self.base = self.records = self.migrated = self._highest = 0
        columns = list(map(quoted, resource.columns))
        self._parts: dict[str, Any] = {name: f"pg_temp.{name}${number}" for name in ("stage", "rest", "same")}
        self._parts |= {"table": resource.sql, "columns": ", ".join(columns), "content": ", ".join(columns[1:])}
        self._parts |= {"positions": f"{resource.sequence('position')}::regclass"}
        self._parts |= {"ids": f"{resource.sequence('id')}::regclass"}
        # All that makes two rows the same record: every column but the position.
        for alias in "st":
            self._parts[f"row_{alias}"] = f"ROW({', '.join(f'{alias}.{column}' for column in columns[1:])})"

    @property
    def counts(self) -> bool:
        """Whether the table gives an id to who has none."""
        return self.resource.ids.kind is not TEXT

    @property
    def keys(self) -> list[str]:
        """Wire names of the fields whose values the table keeps apart, the id first."""
        return list(self.resource.unique.values())

    def column(self, name: str) -> str:
        """The column of a field, in SQL."""
        return quoted(self.resource.fields[name].column)

    def sql(self, text: str, **parts: str) -> bytes:
        """SQL with this stage's names in it."""
        return text.format(**self._parts, base=self.base, **parts).encode()

    def run(self, text: str, *values: Any, **parts: str) -> Cursor[Any]:
        return self.connection.execute(self.sql(text, **parts), values)

    def one(self, text: str, *values: Any, **parts: str) -> Any:
        """The only row of a query."""
        return self.run(text, *values, **parts).fetchone()

    def fill(self, lines: IO[bytes], columns: Iterable[str], on_bytes: Callable[[int], None]) -> None:
        """Copy the lines there. `columns`: of a line, behind the index."""
        self.run(_MAKE)
        done = 0
        with self.connection.cursor().copy(self.sql(_COPY, copied=", ".join(map(quoted, columns))), ()) as copy:
            for block in iter(partial(lines.read, _BLOCK), b""):
                copy.write(block)
                on_bytes(done := done + len(block))
        self.run(_INDEX)
        self.run("ANALYZE {stage}")
        (self.records,) = self.one("SELECT count(*) FROM {stage}")

    def begin(self) -> None:
        """Look where the table ends. It is locked."""
        (self.base,) = self.one(_LAST)
        if self.counts:
            (self._highest,) = self.one(_HIGHEST)

    def number(self) -> None:
        """Give ids to the records that have none: those of equal rows that no other claims, then the next ones."""
        if not self.counts or self.one(_LACKS) == (False,):
            return
        columns = [quoted(name) for name in self.resource.columns if name not in ("position", "id")]
        parts = {f"content_{alias}": ", ".join(f"{alias}.{column}" for column in columns) for alias in "wt"}
        self.run(_KNOWN_AGAIN, nth=_NTH.format(", ".join(columns)), **parts)
        self.run(_NEXT, self._highest)

    def use(self, records: int) -> None:
        """Let the next position be behind the file's last, and the next number above the highest ever."""
        self.run(_USED, self.base + records)
        if self.counts:
            self.run(_COUNTED, self._highest)


def demand_tables(connection: psycopg.Connection[Any], resources: Iterable[Resource]) -> None:
    """Raise `DatabaseFailed` if one of the tables is not there."""
    for resource in resources:
        if connection.execute(_IS_THERE, [resource.sql.replace("%%", "%")]).fetchone() != (True,):
            raise DatabaseFailed(f"the database has no {resource.path} table yet; run: alembic upgrade head")


def settings(connection: psycopg.Connection[Any], who: str, request: str | None) -> None:
    """Of the transaction; what it changes is on record as theirs."""
    connection.execute(_SETTINGS)
    connection.execute("SELECT set_config(%s, %s, true)", (SIGNED, json.dumps({"": [who, request]})))


def lock(stages: Sequence[Stage]) -> None:
    """Wait for writers to end, and keep new ones out until the transaction ends; readers go on."""
    for stage in sorted(stages, key=lambda one: one.resource.path):  # two imports wait in the same order
        stage.run("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    for stage in stages:
        stage.begin()
