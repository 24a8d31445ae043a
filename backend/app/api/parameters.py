"""The parameters of requests, for the API's description: ids in addresses, what a list is asked for, the feed's.

Operators come from the dialect and fields from the resource: nothing is written down twice. All operators are members
of one object, `_filter`: one parameter for each operator of each field would be more than a page of documentation, or
a generated client, has room for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.dialect.query import SPELLINGS
from app.limits import CHANGES, CHANGES_MOST, WAIT
from app.resource.fields import Field
from app.resource.kinds import NUMBER, TRUTH, WHOLE
from app.resource.resource import Resource

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
MANY: Json = {"type": "array", "items": TEXT}
COUNT: Json = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}
_TRIED = 10  # records that somebody who tries a list is shown: a browser stands still before a hundred thousand

# Operator, as spelled behind a field -> what a filter with it finds.
_FILTERS: Mapping[str, str] = {
    "eq": "equal to the value",
    "in": "equal to any value of a comma-separated list",
    "ne": "different from the value, and from every one when repeated",
    "gt": "greater than the value",
    "gte": "greater than or equal to it",
    "lt": "less than the value",
    "lte": "less than or equal to it",
    "contains": "text that contains the value, whatever the case",
    "startsWith": "text that starts with it",
    "endsWith": "text that ends with it",
    "like": "text in which this JavaScript regular expression finds something, whatever the case (0.17)",
    "similar": "text nearly like it, whatever its case and accents; the best come first (`q:similar`: any text)",
}

_LIST: Mapping[str, tuple[str, Json]] = {
    "q": ("Any field that contains this text, whatever the case (0.17).", TEXT),
    "_sort": (
        "Fields to sort by, comma-separated; `-` before one sorts it descending. `-_score`: what meets a search best "
        "comes first.",
        TEXT,
    ),
    "_order": ("`asc` or `desc` for each field of `_sort`, comma-separated (0.17).", TEXT),
    "_page": ("The page, from 1; beyond the last one: the last (1.x) or an empty one (0.17).", INTEGER),
    "_per_page": ("{Path} a page, 10 unless said (1.x: the answer is an envelope).", INTEGER),
    "_limit": ("{Path} a page or slice (0.17: the answer is an array with X-Total-Count). Without it: all.", INTEGER),
    "_start": ("Where a slice begins, from 0; negative counts from the end (0.17).", INTEGER),
    "_end": ("Where a slice ends, itself not in it; negative counts from the end (0.17).", INTEGER),
}

_CURSOR: Json = {"type": "string", "pattern": r"^(now|[0-9]{1,9}\.[0-9]{1,18}\.[0-9]{1,18})$"}
_FEED: Mapping[str, tuple[str, Json]] = {
    "_since": ("`next` of an answer, or `now`; from the first change on record if not given.", _CURSOR),
    "_limit": (f"Changes of one answer, {CHANGES} unless said, {CHANGES_MOST} at most.", {**INTEGER, "minimum": 1}),
    "_wait": (
        f"Seconds to wait for a change if there is none yet, {WAIT:.0f} at most.",
        {"type": "number", "minimum": 0, "maximum": WAIT},
    ),
}


def query(name: str, says: str, schema: Json, **more: Any) -> Json:
    return {"name": name, "in": "query", "required": False, "description": says, "schema": schema, **more}


def header(name: str) -> Json:
    says = "An entity tag (RFC 9110)."
    return {"name": name, "in": "header", "required": False, "schema": TEXT, "description": says}


def id_of(resource: Resource, says: str) -> Json:
    """`example` is one that no record has but that of the example for POST: who tries a DELETE deletes no other."""
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": says,
        "schema": resource.ids.path,
        "example": resource.ids.example("1"),
    }


def of_list(resource: Resource) -> list[Json]:
    """Search, order, pages and slices; each declared field; and the operators behind them."""
    asked = [
        query(name, says.format(Path=resource.path.capitalize()), schema) for name, (says, schema) in _LIST.items()
    ]
    next(one for one in asked if one["name"] == "_limit")["example"] = _TRIED
    equal = [query(name, f"{name} equal to the value; repeated: to any of them.", MANY) for name in resource.fields]
    return [*asked, *equal, _filter(resource), _where(resource)]


def _filter(resource: Resource) -> Json:
    """An object whose members are parameters. Generators know `deepObject` better than `form` with `explode`: by that
    some send `[object Object]`."""
    value: Json = {"type": ["string", "number", "boolean"]}
    schema: Json = {"type": "object", "additionalProperties": value}
    field, sample = _compared(resource)
    says = (
        f'Filters with an operator behind a field\'s name: `{{"{field}_gte": {sample}}}`. In an address the same is '
        f"`{field}_gte={sample}` or `{field}:gte={sample}`. They compare {_how(resource)}.\n\n{_operators()}"
    )
    return query("_filter", says, schema, style="deepObject", explode=True, example={})


def _operators() -> str:
    once = {name: spelling for spelling, name in SPELLINGS.items()}
    return "\n".join(f"- `{spelling}`: {_FILTERS[name]}" for name, spelling in once.items())


def _where(resource: Resource) -> Json:
    field, sample = _compared(resource)
    says = f'A JSON object of conditions, in place of all other filters (1.x): `{{"{field}": {{"gte": {sample}}}}}`.'
    return query("_where", says, TEXT)


def _compared(resource: Resource) -> tuple[str, str]:
    """A field whose values have an order one knows, and a value; else the first after the id."""
    numbers = [field.name for field in resource.fields.values() if field.kind in (WHOLE, NUMBER)]
    return (numbers[0], "40") if numbers else (list(resource.fields)[-1], '"m"')


def _how(resource: Resource) -> str:
    numbers = [name for name, field in resource.fields.items() if _is_numeric(field)]
    return f"by number on {' and '.join(numbers)}, as text elsewhere" if numbers else "as text"


def _is_numeric(field: Field) -> bool:
    return field.kind in (WHOLE, NUMBER, TRUTH)


def of_versions() -> list[Json]:
    return [
        query("_limit", "How many, 50 unless said and 500 at most; fewer if they are large.", COUNT),
        query("_before", "Only those below this version.", COUNT),
    ]


def of_feed(paths: Sequence[str]) -> list[Json]:
    of: Json = {"type": "array", "items": {"type": "string", "enum": list(paths)}}
    behind = "The `id` of the last event; goes before `_since`. For server-sent events."
    return [
        *(query(name, says, schema) for name, (says, schema) in _FEED.items()),
        query("resource", "Only changes of these resources.", of),
        query("id", "Only changes of records with these ids.", MANY),
        header("Last-Event-ID") | {"description": behind, "schema": _CURSOR},
    ]
