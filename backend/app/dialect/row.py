"""One record as compact JSON text, rendered by PostgreSQL: its declared fields, then the undeclared ones."""

import json
from collections.abc import Collection, Iterable
from functools import cache

from app.limits import COMPRESSED, ROW_BYTES
from app.resource.fields import Field
from app.resource.resource import Resource
from app.sql import Part, quoted, quoted_text

_ARGUMENTS = 50


@cache
def row(resource: Resource) -> str:
    """SQL of a record's JSON: scalar fields in wire order, then those of any JSON, then the undeclared ones.

    What a record does not have is not there. `row_to_json` writes no blanks (`json_build_object` does) and dates as
    ISO 8601 whatever the session's DateStyle.
    """
    return _rendered(resource.fields.values(), resource.extra)


def row_without(resource: Resource, names: Collection[str]) -> Part:
    """The same without the fields of these names, which the caller puts there: a client's, so they are bound."""
    fields = [field for name, field in resource.fields.items() if name not in names]
    sql = _rendered(fields, f"({resource.extra} - %s::text[])")
    return Part(sql, (list(names),) * sql.count("%s"))


def _rendered(fields: Iterable[Field], undeclared: str) -> str:
    fields = list(fields)
    scalars, extra = _scalars(fields), f"{undeclared}::text"
    values = "".join(f", {one}" for one in _few([_member(field) for field in fields if not field.kind.scalar]))
    opened = f"rtrim({scalars}, '}}'){values}"  # a scalar is the last, so that one brace goes
    declared = f"concat({opened}, '}}')" if values else scalars
    return f"CASE WHEN {extra} = '{{}}' THEN {declared} ELSE concat({opened}, ',', substr({extra}, 2)) END"


@cache
def weight(resource: Resource) -> str:
    """SQL of a record's bytes by its fields without a limit, without reading what PostgreSQL stores beside the table; a
    guess if that is compressed: prose shrinks to a third or so, one letter repeated to a ninetieth.
    """
    unlimited = [field.sql for field in resource.fields.values() if not field.limited]
    return " + ".join([*map(_bytes, [resource.extra, *unlimited]), str(ROW_BYTES)])


def _bytes(column: str) -> str:
    """0 where there is no value."""
    size = f"coalesce(pg_column_size({column}), 0)"
    return f"CASE WHEN pg_column_compression({column}) IS NULL THEN {size} ELSE {size} * {COMPRESSED} END"


def _scalars(fields: Iterable[Field]) -> str:
    scalars = [field for field in fields if field.kind.scalar]
    labels = ", ".join(f"{field.sql} AS {quoted(field.name)}" for field in scalars)
    text = f"(SELECT row_to_json(r$.*) FROM (SELECT {labels}) AS r$)"
    return f"json_strip_nulls({text})::text" if any(field.optional for field in scalars) else f"{text}::text"


def _few(members: list[str]) -> list[str]:
    """As arguments of one call, of which PostgreSQL takes 100 (its FUNC_MAX_ARGS)."""
    if len(members) <= _ARGUMENTS:
        return members
    return [f"concat({', '.join(members[at : at + _ARGUMENTS])})" for at in range(0, len(members), _ARGUMENTS)]


def _member(field: Field) -> str:
    """A JSON value and its name behind a comma; NULL if the record has none."""
    return f"{quoted_text(f',{json.dumps(field.name)}:')} || {field.sql}::text"
