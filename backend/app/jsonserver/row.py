"""One record as compact JSON text, rendered by PostgreSQL: its declared fields, then the undeclared ones."""

import json
from functools import cache

from app.resource.resource import Field, Resource
from app.sql import quoted, quoted_text


@cache
def row(resource: Resource) -> str:
    """SQL of a record's JSON: scalar fields in wire order, then those of any JSON, then the undeclared ones.

    What a record does not have is not there. `row_to_json` writes no blanks (`json_build_object` does) and dates as
    ISO 8601 whatever the session's DateStyle.
    """
    declared, extra = _declared(resource), f"{resource.extra}::text"
    merged = f"concat(rtrim({declared}, '}}'), ',', substr({extra}, 2))"
    return f"CASE WHEN {extra} = '{{}}' THEN {declared} ELSE {merged} END"


def _declared(resource: Resource) -> str:
    fields = resource.fields.values()
    scalars = [field for field in fields if field.kind.scalar]
    labels = ", ".join(f"{field.sql} AS {quoted(field.name)}" for field in scalars)
    text = f"row_to_json((SELECT r FROM (SELECT {labels}) AS r))"
    if any(field.optional for field in scalars):
        text = f"json_strip_nulls({text})"
    values = "".join(f", {_member(field)}" for field in fields if not field.kind.scalar)
    return f"concat(rtrim({text}::text, '}}'){values}, '}}')" if values else f"{text}::text"


def _member(field: Field) -> str:
    """A JSON value and its name behind a comma; NULL if the record has none."""
    return f"{quoted_text(f',{json.dumps(field.name)}:')} || {field.sql}::text"
