"""A resource: what is served at one address, kept in one table and declared in two small files. Pure.

`models/<noun>.py` is the table, as alembic and psql read it; `schemas/<noun>.py` the body, as pydantic and OpenAPI do.
The resource joins the two. A declaration that does not fit together cannot be made: `DeclarationError`, when the module
is imported and never in a request.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sqlalchemy import Column, Table

from app.resource import fields
from app.resource.fields import Field
from app.resource.ids import TEXT, Ids, created, stored
from app.resource.kinds import is_of_a_kind, kind_of
from app.resource.shapes import Body, patched
from app.sql import MARK, quoted, quoted_text

HIDDEN = ("position", "extra")  # of every table: the place in the list, and the fields nobody declared
_PAGES = ("-", "-about", "-import", "-static")  # for people
_SIGNING = ("login", "logout", "register", "signin", "signup")
RESERVED = frozenset(("changes", "db", "docs", "exports", "health", "imports", "metrics", *_PAGES, *_SIGNING))
"""Addresses that the server keeps for itself."""
_TABLES = frozenset(("access_sessions", "access_users", "alembic_version", "import_files"))  # and two at such addresses
_SHAPES = frozenset(("ChangePage", "Health", "Import", "Problem"))  # that every API has
_USES = ("", "Create", "Replace", "Patch", "Page", "Version")  # that the API's description has a shape for
NAME_BYTES = 63  # PostgreSQL cuts longer names off (4.1.1), those of JSON members in a row too


class DeclarationError(TypeError):
    """A declaration that does not fit together; the text is one sentence for whoever wrote it."""


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
    ids: Ids = TEXT
    """What its ids are."""
    made_from: str | None = None
    """The field, by wire name, of which an import makes an id that is missing; None: of the whole record."""
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

    @property
    def address(self) -> str:
        """Where it is served, as a request line has it: `/%C3%A9t%C3%A9` of "été" (RFC 3986, 2.1)."""
        return f"/{quote(self.path, safe='')}"

    def __post_init__(self) -> None:
        _end_at_the_first(self, _faults(self))
        object.__setattr__(self, "fields", fields.declared(self.table, self.body))
        object.__setattr__(self, "unique", fields.unique(self.table, self.body))
        a_noun = self.a_noun[:1].upper() + self.a_noun[1:]
        object.__setattr__(self, "create", created(self.body, self.title, a_noun, self.ids))
        object.__setattr__(self, "patch", patched(self.body, self.title))
        object.__setattr__(self, "stored", stored(self.body, self.title, self.noun, self.ids))
        _end_at_the_first(self, _faults_of_examples(self))

    @property
    def title(self) -> str:
        """The noun as a name: `TestCase` of "test case"."""
        return shapes(self.noun)[0]

    @property
    def titles(self) -> str:
        """Many of them as a name: `TestCases` of "test-cases"."""
        return _named(self.path)

    @property
    def a_noun(self) -> str:
        """The noun behind its article."""
        return f"{'an' if self.noun[:1].lower() in 'aeiou' else 'a'} {self.noun}"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column of the table: the place in the list, the declared fields, the undeclared ones."""
        return "position", *(one.column for one in self.fields.values()), "extra"

    @cached_property
    def typed(self) -> str:
        """Every column but the place in the list, each with its type, in SQL."""
        types = (f"{quoted(one.column)} {one.kind.sql}" for one in self.fields.values())
        return ", ".join([*types, "extra jsonb"])

    @cached_property
    def optional(self) -> tuple[Field, ...]:
        """The fields that may be absent, and null."""
        return tuple(one for one in self.fields.values() if one.optional)

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

    def sequence(self, column: str) -> str:
        """SQL of the name of the sequence that gives a column its values: `position`, or `id` where it is a number."""
        return f"pg_get_serial_sequence({quoted_text(self.sql)}, {quoted_text(column)})"

    @cached_property
    def position(self) -> str:
        """The column of the place in the list, in SQL."""
        return f"{self.sql}.position"


def shapes(noun: str) -> list[str]:
    """What the shapes of a resource are called, the record itself first."""
    name = _named(noun)
    name += "" if _SHAPES.isdisjoint(name + use for use in _USES) else "Record"
    return [name + use for use in _USES]


def demand_apart(resources: Iterable[Resource]) -> None:
    """Raises `DeclarationError` where a shape of one is called as one of another. Rights name resources so as well."""
    known: dict[str, Resource] = {}
    for one, name in ((each, name) for each in resources for name in shapes(each.noun)):
        other = known.setdefault(name.lower(), one)  # clients have a file of each
        if other is not one:
            why = f"comes to {name} in the API's description, as {other.path} has it: give it another"
            raise DeclarationError(f"{one.path}: its noun, {one.noun}, {why}.")


def unusable(table: str) -> str:
    """Why no resource's table can be called so; empty if one can. The catalog's come before all others (5.10.5)."""
    if table in _TABLES or table.startswith("pg_"):
        return "a table of this name is the server's or PostgreSQL's own"
    return f"its name has a {MARK}, as the names in the server's own SQL" if MARK in table else ""


def _named(words: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", words))


def _faults(resource: Resource) -> Iterator[str]:
    """What does not fit together; each is looked for only where the ones before were not found."""
    table, names = resource.table, fields.columns(resource.body)
    if resource.path in RESERVED:
        yield "the server keeps this address for itself"
    if reason := unusable(resource.path):
        yield reason
    if resource.path != table.name:
        yield f"the table has another name, {table.name}"
    if own := {"id", *HIDDEN} & resource.body.model_fields.keys():
        yield f"{min(own)} belongs to every resource and not to a body"
    if {*names.values(), *HIDDEN} != set(table.c.keys()):
        yield "the table's columns are not the body's fields, id, position and extra"
    for name, column in names.items():
        yield from _faults_of_field(name, table.c[column], resource.body.model_fields.get(column))
    if kind_of(table.c.id.type) is not resource.ids.kind:
        yield f"its ids are not of the table's kind, {kind_of(table.c.id.type).name} (NumberedRecord is for NUMBERS)"
    if resource.made_from not in {None, *names}:
        yield f"made_from names no field, {resource.made_from}"
    yield from _faults_of_keys(table)


def _faults_of_field(name: str, column: Column[Any], rule: FieldInfo | None) -> Iterator[str]:
    if len(name.encode()) > NAME_BYTES:
        yield f"the name {name} has more than {NAME_BYTES} bytes"
    if MARK in column.name:
        yield f"the column {column.name} has a {MARK}, as the names in the server's own SQL"
    if not is_of_a_kind(column.type):
        yield f"the column {column.name} is of no kind: {column.type!r}"
    if rule and rule.default is not (None if column.nullable else PydanticUndefined):
        yield f"{name} must be nullable in the table and `… | None = None` in the body, or neither"
    if rule and not rule.examples:
        yield f"{name} has no example"


def _faults_of_keys(table: Table) -> Iterator[str]:
    keys = fields.keys(table)
    if keys.pop(f"{table.name}_position_key", None) != ["position"]:
        yield "the table lacks the rules of every table (columns.rules)"
    for name, columns in keys.items():
        if len(columns) > 1 or columns[0] in HIDDEN:
            yield f"{name} is not of one declared field"
    for index in table.indexes:
        if index.unique:
            yield f"{index.name} must be a UniqueConstraint, whose name says the field"


def _faults_of_examples(resource: Resource) -> Iterator[str]:
    examples = ((name, rule.examples or ()) for name, rule in fields.rules(resource.body).items())
    for name, example in ((name, one) for name, some in examples for one in some):
        try:
            resource.patch.model_validate({name: example})
        except ValidationError as error:
            yield f"an example of {name} breaks its own rules: {error.errors()[0]['msg']}"


def _end_at_the_first(resource: Resource, faults: Iterator[str]) -> None:
    for fault in faults:
        raise DeclarationError(f"{resource.path}: {fault}.")
