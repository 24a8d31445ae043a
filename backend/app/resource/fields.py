"""The fields of a resource, which its two halves declare together: a table and a body. Pure."""

from typing import Any, Literal, NamedTuple, get_args, get_origin

from annotated_types import MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import Column, PrimaryKeyConstraint, Table, UniqueConstraint

from app.limits import ROW_BYTES
from app.resource.kinds import TEXT, Kind, kind_of
from app.sql import quoted, quoted_text


class Field(NamedTuple):
    """A declared field: its name on the wire, its column, and that column in SQL."""

    name: str
    column: str
    sql: str
    kind: Kind
    optional: bool = False
    null: str = ""
    """Of an optional one, as jsonb: the null that a record holds, NULL where it does not have the field."""
    choices: tuple[str, ...] = ()
    """The only values it may have, where it is an enumeration."""
    limited: bool = True
    """Whether a value takes few bytes at most: a text of any length does not, and no array or object."""

    @property
    def document(self) -> str:
        """One of any JSON, in SQL; an optional one's null is not in its column."""
        return f"coalesce({self.sql}, {self.null})" if self.optional else self.sql

    @property
    def sorts_alike(self) -> bool:
        """Whether its few values stand in the same order in every collation, so that one index serves all dialects."""
        return bool(self.choices) and sorted(self.choices) == sorted(self.choices, key=str.lower)


def declared(table: Table, body: type[BaseModel]) -> dict[str, Field]:
    """By wire name, in wire order."""
    ruled = rules(body)
    return {name: _field(name, table.c[column], ruled.get(name)) for name, column in columns(body).items()}


def rules(body: type[BaseModel]) -> dict[str, FieldInfo]:
    """By wire name, in wire order; there is none of the id."""
    return {rule.alias or name: rule for name, rule in body.model_fields.items()}


def columns(body: type[BaseModel]) -> dict[str, str]:
    """By wire name, in wire order; `id` leads."""
    return {"id": "id"} | {rule.alias or name: name for name, rule in body.model_fields.items()}


def keys(table: Table) -> dict[str, list[str]]:
    """Name of a constraint that keeps values apart -> its columns."""
    found = (key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint))
    return {str(key.name): [column.name for column in key.columns] for key in found}


def unique(table: Table, body: type[BaseModel]) -> dict[str, str]:
    """Name of a constraint that keeps the values of one field apart -> the field's wire name, in wire order."""
    named = {found[0]: name for name, found in keys(table).items()}
    return {named[column]: name for name, column in columns(body).items() if column in named}


def _field(name: str, column: Column[Any], rule: FieldInfo | None) -> Field:
    table, kind = quoted(column.table.name), kind_of(column.type)
    null = f"({table}.extra -> {quoted_text(name)})" if column.nullable else ""
    choices = _choices(rule) if rule else ()
    limited = not rule or bool(choices) or _is_limited(kind, rule)
    sql = f"{table}.{quoted(column.name)}"
    return Field(name, column.name, sql, kind, bool(column.nullable), null, choices, limited)


def _is_limited(kind: Kind, rule: FieldInfo) -> bool:
    lengths = (one.max_length for one in rule.metadata if isinstance(one, MaxLen))
    return kind.scalar is not None and (kind is not TEXT or any(length <= ROW_BYTES for length in lengths))


def _choices(rule: FieldInfo) -> tuple[str, ...]:
    return get_args(rule.annotation) if get_origin(rule.annotation) is Literal else ()
