"""Tables as they are declared and as they will be, and alembic's operations from the one to the other. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from alembic.operations import ops
from sqlalchemy import BigInteger, CheckConstraint, Column, Constraint, Double, Index, Integer, MetaData, Table
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeEngine

from app.declaring.collections import Collection
from app.resource import columns, kinds
from app.resource.columns import NumberedRecord, Record, bounded, calendar, indexed, rules, words
from app.resource.kinds import Kind

_WIDER = {(Integer, BigInteger), (Integer, Double)}  # what a column can become, and every value stays what it is


class Change(NamedTuple):
    """One table as it is declared now, if it is, and as it will be."""

    before: Table | None
    after: Table
    fields: Mapping[str, str]
    """Column -> wire name."""

    @property
    def lost(self) -> list[str]:
        """The columns that would be gone, or become something else."""
        before = () if self.before is None else self.before.c
        return [one.name for one in before if not _kept(one, self.after.c.get(one.name))]

    @property
    def added(self) -> list[Column[Any]]:
        """Columns that a table gets which is there already."""
        before = () if self.before is None else self.before.c
        return [one for one in self.after.c if one.name not in before]


def table(collection: Collection) -> Table:
    """The table that its model declares."""
    metadata = MetaData(naming_convention=columns.Base.metadata.naming_convention)
    base: Any = type("Base", (DeclarativeBase,), {"metadata": metadata})
    own = {one.name: mapped_column(_type(one.found.kind), nullable=True) for one in collection.columns}
    constraints = [
        *(bounded(one.name) for one in collection.columns if one.bounded),
        *(calendar(one.name) for one in collection.columns if one.found.kind is kinds.DAY),
        *indexed(*(one.name for one in collection.columns if one.indexed)),
    ]
    arguments = (*rules(collection.path, numbered=collection.numbered), *constraints)
    record = NumberedRecord if collection.numbered else Record
    members = {"__tablename__": collection.path, "__table_args__": arguments, **own}
    model: Any = type("Declared", (record, base), members)
    return cast(Table, model.__table__)


def _type(kind: Kind) -> TypeEngine[Any]:
    return words() if kind is kinds.TEXT else kind.columns[-1]()


def made(table: Table) -> list[ops.MigrateOperation]:
    """A table that is new."""
    return [ops.CreateTableOp.from_table(table), *map(ops.CreateIndexOp.from_index, _sorted(table.indexes))]


def altered(before: Table, after: Table) -> Iterator[ops.MigrateOperation]:
    """A table that keeps its records."""
    rules_before, rules_after = _rules(before), _rules(after)
    yield from (_gone(one) for name, one in rules_before.items() if not _alike(one, rules_after.get(name)))
    yield from (
        ops.DropColumnOp.from_column_and_tablename(None, before.name, one)
        for one in before.c
        if one.name not in after.c
    )
    yield from (_column(before.c.get(one.name), one) for one in after.c if not _same(before.c.get(one.name), one))
    yield from (_new(one) for name, one in rules_after.items() if not _alike(one, rules_before.get(name)))


def _kept(before: Column[Any], after: Column[Any] | None) -> bool:
    """Whether what is in a column stays what it is."""
    if after is None:
        return False
    types = type(before.type), type(after.type)
    return types[0] is types[1] or types in _WIDER


def _same(before: Column[Any] | None, after: Column[Any]) -> bool:
    return before is not None and type(before.type) is type(after.type) and before.nullable == after.nullable


def _column(before: Column[Any] | None, after: Column[Any]) -> ops.MigrateOperation:
    if before is None:
        return ops.AddColumnOp.from_column_and_tablename(
            None, after.table.name, Column(after.name, after.type, nullable=after.nullable)
        )
    return ops.AlterColumnOp(
        after.table.name,
        after.name,
        existing_type=before.type,
        existing_nullable=before.nullable,
        modify_type=None if type(before.type) is type(after.type) else after.type,
        modify_nullable=None if before.nullable == after.nullable else after.nullable,
    )


def _rules(table: Table) -> dict[str, Constraint | Index]:
    return {str(one.name): one for one in (*_sorted(table.constraints), *_sorted(table.indexes))}


def _sorted(rules: Iterable[Constraint | Index]) -> list[Any]:
    return sorted(rules, key=lambda one: str(one.name))


def _alike(one: Constraint | Index, other: Constraint | Index | None) -> bool:
    return other is not None and type(one) is type(other) and _says(one) == _says(other)


def _says(rule: Any) -> Any:
    return str(rule.sqltext) if isinstance(rule, CheckConstraint) else [column.name for column in rule.columns]


def _gone(rule: Any) -> ops.MigrateOperation:
    return ops.DropIndexOp.from_index(rule) if isinstance(rule, Index) else ops.DropConstraintOp.from_constraint(rule)


def _new(rule: Any) -> ops.MigrateOperation:
    return ops.CreateIndexOp.from_index(rule) if isinstance(rule, Index) else ops.AddConstraintOp.from_constraint(rule)
