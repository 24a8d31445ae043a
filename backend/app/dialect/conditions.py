"""What a list is filtered by: the types, the operators, and `_where`, which spells conditions as JSON. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, NoReturn

from app.limits import PARAMETERS, WHERE_DEPTH
from app.resource.strict_json import size

Operator = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "contains", "startsWith", "endsWith", "like", "similar", "scalar"
]


class UnsupportedQuery(ValueError):
    """A query this server does not serve; the text is a sentence that repeats no value."""


class Condition(NamedTuple):
    """A field compared with any of the values; `ne`: with none of them; `scalar`: it is absent or no object.

    `exact` (from `_where`): values keep their JSON type, and a record without the field never matches. Otherwise values
    are text, and a field no record has is no filter. `as_text` (of 0.17): what is stored is compared as the text that
    JavaScript makes of it, an array's elements with commas between them; null has none.
    """

    field: str
    operator: Operator
    values: tuple[Any, ...]
    exact: bool = False
    as_text: bool = False


class Either(NamedTuple):
    """`or` of `_where`: all conditions of at least one group hold. No group: no record."""

    groups: tuple[tuple["Condition | Either", ...], ...]


# Operator as spelled -> operator. A list's `in` is equality with several values.
OPERATORS: Mapping[str, Operator] = {
    "eq": "eq",
    "in": "eq",
    "ne": "ne",
    "gt": "gt",
    "gte": "gte",
    "lt": "lt",
    "lte": "lte",
    "contains": "contains",
    "startsWith": "startsWith",
    "endsWith": "endsWith",
    "similar": "similar",
}

_NOWHERE = Either(())


def where(text: str) -> tuple[Condition | Either, ...] | None:
    """The conditions of a `_where`, which replace all others; None if it is no JSON object and so is ignored.

    Source: json-server 1.0.0-beta.15, matches-where.js. Raises `UnsupportedQuery` above `WHERE_DEPTH` and `PARAMETERS`.
    """
    try:
        document = _JSON.decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    if size(document)[0] > PARAMETERS:
        raise UnsupportedQuery(f"There are more than {PARAMETERS} values in _where.")
    return _conditions(document, "", WHERE_DEPTH)


def unread(text: str) -> str:
    """Why a `_where` is ignored, in words that follow its name; empty if it is not, or is empty."""
    try:
        return "" if not text or isinstance(_JSON.decode(text), dict) else "is no JSON object"
    except json.JSONDecodeError as error:
        return f"is no JSON at character {error.pos + 1}"
    except (ValueError, RecursionError):
        return "is no JSON"


def _conditions(document: Mapping[str, Any], parent: str, depth: int) -> tuple[Condition | Either, ...]:
    if not depth:
        raise UnsupportedQuery(f"_where is nested deeper than {WHERE_DEPTH} levels.")
    return tuple(one for key, value in document.items() for one in _condition(key, value, parent, depth))


def _condition(key: str, value: Any, parent: str, depth: int) -> tuple[Condition | Either, ...]:
    if key == "or":
        return (_either(value, parent, depth),)
    if not isinstance(value, dict):
        return (_NOWHERE,)
    field = parent + key
    if operators := [name for name in OPERATORS if name in value]:
        return tuple(Condition(field, OPERATORS[name], _operands(name, value[name]), exact=True) for name in operators)
    scalar = Condition(field, "scalar", (), exact=True)
    return (Either(((scalar,), _conditions(value, field + ".", depth - 1))),)


def _either(groups: Any, parent: str, depth: int) -> Either:
    documents = groups if isinstance(groups, list) else []
    return Either(tuple(_conditions(one, parent, depth - 1) for one in documents if isinstance(one, dict)))


def _operands(name: str, value: Any) -> tuple[Any, ...]:
    return tuple(value) if name == "in" and isinstance(value, list) else (value,)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_JSON = json.JSONDecoder(parse_int=float, parse_constant=_no_constant)  # JavaScript has one type of number
