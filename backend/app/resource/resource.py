"""A resource: what is served at one address, kept in one table and declared in two small files. Pure.

`models/<noun>.py` is the table, as alembic and psql read it; `schemas/<noun>.py` the body, as pydantic and OpenAPI do.
The resource joins the two. A declaration that does not fit together cannot be made: `DeclarationError`, when the module
is imported and never in a request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from app.resource.kinds import Kind, kind_of
from app.resource.shapes import Body, created, patched, stored
from app.sql import quoted, quoted_text

HIDDEN = ("position", "extra")  # of every table: the place in the list, and the fields nobody declared
_NAME_BYTES = 63  # PostgreSQL cuts longer names off (4.1.1), those of JSON members in a row too


class DeclarationError(TypeError):
    """A declaration that does not fit together; the text is one sentence for whoever wrote it."""


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

    @property
    def document(self) -> str:
        """One of any JSON, in SQL; an optional one's null is not in its column."""
        return f"coalesce({self.sql}, {self.null})" if self.optional else self.sql

    @property
    def sorts_alike(self) -> bool:
        """Whether its few values stand in the same order in every collation, so that one index serves all dialects."""
        return bool(self.choices) and sorted(self.choices) == sorted(self.choices, key=str.lower)


@dataclass(frozen=True, eq=False)  # identity: a free cache key, safe beside SQLAlchemy's `==`
class Resource:
    """What is served at `/<path>`: records of one kind.

    Raises `DeclarationError` for a declaration that does not fit together.
    """

    path: str
    """The address, the collection in db.json and the table, all of one name."""
    noun: str
    """One of them, in sentences; with a capital in OpenAPI."""
    table: Table
    body: type[Body]
    """A record without its id, as PUT sends it whole: the declared fields, in wire order, by alias."""
    fields: Mapping[str, Field] = field(init=False)
    """By wire name, in wire order; `id` leads, as in json-server 1.x."""
    unique: Mapping[str, str] = field(init=False)
    """Constraint's name -> wire name of the one field whose values it keeps apart."""
    create: type[BaseModel] = field(init=False)
    """A record as POST sends it."""
    patch: type[BaseModel] = field(init=False)
    """A record as PATCH sends it."""
    stored: type[BaseModel] = field(init=False)
    """A record as every answer has it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", _fields(self))
        object.__setattr__(self, "unique", _unique(self))
        a_noun = self.a_noun[:1].upper() + self.a_noun[1:]
        object.__setattr__(self, "create", created(self.body, self.title, a_noun))
        object.__setattr__(self, "patch", patched(self.body, self.title))
        object.__setattr__(self, "stored", stored(self.body, self.title, self.noun))

    @property
    def title(self) -> str:
        """The noun as a name: `TestCase` of "test case"."""
        return "".join(word[:1].upper() + word[1:] for word in re.split(r"\W+", self.noun))

    @property
    def a_noun(self) -> str:
        """The noun behind its article."""
        return f"{'an' if self.noun[:1].lower() in 'aeiou' else 'a'} {self.noun}"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of the table: the place in the list, the declared fields, the undeclared ones."""
        return "position", *(one.column for one in self.fields.values()), "extra"

    @cached_property
    def sql(self) -> str:
        """The table's name in SQL."""
        return quoted(self.table.name)

    @cached_property
    def extra(self) -> str:
        """The column of the undeclared fields, in SQL."""
        return f"{self.sql}.extra"

    @property
    def position_key(self) -> str:
        """The name of the constraint that keeps the places in the list apart."""
        return f"{self.table.name}_position_key"

    @property
    def sequence(self) -> str:
        """SQL of the name of the sequence that gives places in the list."""
        return f"pg_get_serial_sequence({quoted_text(self.sql)}, 'position')"

    @cached_property
    def position(self) -> str:
        """The column of the place in the list, in SQL."""
        return f"{self.sql}.position"


def _fields(resource: Resource) -> dict[str, Field]:
    names = {"id": "id"} | {rule.alias or name: name for name, rule in resource.body.model_fields.items()}
    if {*names.values(), *HIDDEN} != {column.name for column in resource.table.c}:
        raise DeclarationError(
            f"{resource.path}: the table's columns are not the body's fields, id, position and extra"
        )
    return {name: _field(resource, name, column) for name, column in names.items()}


def _field(resource: Resource, name: str, column: str) -> Field:
    found, rule = resource.table.c[column], resource.body.model_fields.get(column)
    try:
        kind = kind_of(found.type)
    except KeyError:
        raise DeclarationError(f"{resource.path}: the column {column} is of no kind: {found.type!r}") from None
    sql = f"{resource.sql}.{quoted(column)}"
    null = f"({resource.extra} -> {quoted_text(name)})" if found.nullable else ""
    return Field(name, column, sql, kind, bool(found.nullable), null, _choices(rule) if rule else ())


def _unique(resource: Resource) -> dict[str, str]:
    names = {one.column: name for name, one in resource.fields.items()}
    keys = [key for key in resource.table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    columns = {str(key.name): [column.name for column in key.columns] for key in keys}
    if wrong := [name for name, found in columns.items() if len(found) > 1 or found[0] not in {*names, "position"}]:
        raise DeclarationError(f"{resource.path}: {wrong[0]} is not of one declared field")
    held = {column: name for name, [column] in columns.items()}
    return {held[column]: name for column, name in names.items() if column in held}


def _choices(rule: FieldInfo) -> tuple[str, ...]:
    return get_args(rule.annotation) if get_origin(rule.annotation) is Literal else ()
