"""Conditions of a list -> terms: which test on which column, with which values to bind. Pure.

What an unknown field means, and what an operator means for each kind of column, is decided here, each in one line.
"""

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from app.jsonserver import javascript
from app.jsonserver.conditions import Condition, Either, UnsupportedQuery
from app.jsonserver.pattern import searched
from app.jsonserver.values import KINDS, Kind, numbers, texts, weakest
from app.limits import FILTERS, PATTERN_LENGTH, PATTERNS
from app.models.patient import TABLE
from app.schemas.patient import COLUMNS
from app.schemas.strict_json import unstorable


class Term(NamedTuple):
    """One test: `form` names its SQL (forms.py), `columns` what it reads, `values` are bound."""

    form: str
    columns: tuple[str, ...]
    values: tuple[Any, ...] = ()


class AnyOf(NamedTuple):
    """All terms of at least one group hold."""

    groups: "tuple[tuple[Node, ...], ...]"


Node = Term | AnyOf
NEVER = AnyOf(())
ALWAYS = AnyOf(((),))
_CONSTANT = {True: ALWAYS, False: NEVER}


def filters(conditions: Sequence[Condition | Either], search: str) -> tuple[Node, ...]:
    """The terms all of which a record must meet.

    Raises `UnsupportedQuery` above `FILTERS`, `PATTERNS` and `PATTERN_LENGTH`.
    """
    _limit(len(conditions))
    nodes = ([_search(search)] if search else []) + [_node(condition) for condition in conditions]
    _limit(sum(1 for _ in leaves(nodes)))
    return tuple(node for node in nodes if node != ALWAYS)


def _limit(number: int) -> None:
    if number > FILTERS:
        raise UnsupportedQuery(f"There are more than {FILTERS} filters in one request.")


def leaves(nodes: Iterable[Node]) -> Iterator[Term]:
    """The terms, in the order in which their values are bound."""
    for node in nodes:
        if isinstance(node, Term):
            yield node
        else:
            for group in node.groups:
                yield from leaves(group)


def undeclared(field: str) -> tuple[str, list[str]]:
    """Where `extra` may hold a field: under its whole name, or along its dots."""
    return field, field.split(".")


def _node(condition: Condition | Either) -> Node:
    if isinstance(condition, Either):
        return AnyOf(tuple(tuple(map(_node, group)) for group in condition.groups))
    if condition.field in COLUMNS:
        column = COLUMNS[condition.field]
        return _DECLARED[condition.operator](KINDS[TABLE.c[column].type.python_type], column, condition)
    if unstorable(condition.field):
        return NEVER if condition.exact else ALWAYS
    return _undeclared(condition)


# --- declared fields


def _same(kind: Kind, column: str, condition: Condition) -> Node:
    values = [same for value in condition.values if (same := kind.same(value, condition.exact)) is not None]
    if len(values) == 1:
        return Term("eq", (column,), (values[0],))
    return Term("in", (column,), (values,)) if values else NEVER


def _other(kind: Kind, column: str, condition: Condition) -> Node:
    values = [same for value in condition.values if (same := kind.same(value, condition.exact)) is not None]
    return Term("ne", (column,), (values,)) if values else ALWAYS


def _bound(kind: Kind, column: str, condition: Condition) -> Node:
    bound = kind.bound(condition.operator, condition.values)
    return _CONSTANT[bound] if isinstance(bound, bool) else Term(bound[0], (column,), (bound[1],))


def _part(kind: Kind, column: str, condition: Condition) -> Node:
    return _any_of("part", (column,), _parts(condition)) if kind.textual else NEVER


def _like(_: Kind, column: str, condition: Condition) -> Node:
    return _any_of("like", (column,), _patterns(condition))


_DECLARED: Mapping[str, Callable[[Kind, str, Condition], Node]] = {
    "eq": _same,
    "ne": _other,
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _bound),
    **dict.fromkeys(("contains", "startsWith", "endsWith"), _part),
    "like": _like,
    "scalar": lambda *_: ALWAYS,
}


# --- undeclared fields: compared by the JSON type of what is stored


def _undeclared(condition: Condition) -> Node:
    """A field that no record has is no filter, unless it stands in `_where`."""
    place = undeclared(condition.field)
    node = _UNDECLARED[condition.operator](place, condition)
    return node if condition.exact else AnyOf(((Term("unknown", (), place),), (node,)))


_Place = tuple[str, list[str]]


def _same_json(place: _Place, condition: Condition) -> Node:
    documents = _documents(condition)
    if condition.as_text:
        return Term(f"text_{condition.operator}", (), (*place, documents, texts(condition.values)))
    return Term(f"json_{condition.operator}", (), (*place, documents))


def _json_bound(place: _Place, condition: Condition) -> Node:
    number = weakest(condition.operator, numbers(condition.values))
    text = weakest(condition.operator, texts(condition.values))
    kind = "text" if condition.as_text else "json"
    return Term(f"{kind}_{condition.operator}", (), (*place, None if number is None else Decimal(repr(number)), text))


def _json_part(place: _Place, condition: Condition) -> Node:
    return _any_of("json_part", (), _parts(condition), place)


def _json_contains(place: _Place, condition: Condition) -> Node:
    """A text with the part in it, or an array with the element."""
    elements = texts(map(javascript.text, condition.values))
    return _any(Term("json_contains", (), (*place, *both)) for both in zip(_parts(condition), elements, strict=True))


def _text_like(place: _Place, condition: Condition) -> Node:
    return _any_of("text_like", (), _patterns(condition), place)


_UNDECLARED: Mapping[str, Callable[[_Place, Condition], Node]] = {
    **dict.fromkeys(("eq", "ne"), _same_json),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _json_bound),
    **dict.fromkeys(("startsWith", "endsWith"), _json_part),
    "contains": _json_contains,
    "like": _text_like,
    "scalar": lambda place, _: Term("json_scalar", (), place),
}


def _documents(condition: Condition) -> list[str]:
    """The JSON values that equal the condition's: of an exact one itself, of a text whatever it reads as."""
    if condition.exact:
        return [json.dumps(value) for value in condition.values if _is_scalar(value) and not unstorable(value)]
    return [document for text in texts(condition.values) for document in _readings(text)]


def _is_scalar(value: Any) -> bool:
    """Objects and arrays are never `===`."""
    return math.isfinite(value) if isinstance(value, float) else not isinstance(value, dict | list)


def _readings(text: str) -> list[str]:
    number = javascript.number(text) if javascript.trim(text) else math.nan
    words = [text] if text in ("true", "false", "null") else []
    return [json.dumps(text), *words, *([repr(number)] if math.isfinite(number) else [])]


# --- parts of a text

_PARTS = {"contains": "%{}%", "startsWith": "{}%", "endsWith": "%{}"}


def _any_of(form: str, columns: tuple[str, ...], values: Iterable[str], place: tuple[Any, ...] = ()) -> Node:
    return _any(Term(form, columns, (*place, value)) for value in values)


def _any(terms: Iterable[Term]) -> Node:
    groups = tuple((term,) for term in terms)
    return groups[0][0] if len(groups) == 1 else AnyOf(groups)


def _parts(condition: Condition) -> list[str]:
    return [_PARTS[condition.operator].format(_literal(part)) for part in texts(map(javascript.text, condition.values))]


def _patterns(condition: Condition) -> list[str]:
    if len(condition.values) > PATTERNS:
        raise UnsupportedQuery(f"There are more than {PATTERNS} patterns for one field.")
    if any(len(pattern) > PATTERN_LENGTH for pattern in condition.values):
        raise UnsupportedQuery(f"There is a pattern of more than {PATTERN_LENGTH} characters.")
    return [searched(pattern) for pattern in texts(condition.values)]


def _literal(text: str) -> str:
    """Text as LIKE takes it literally (PostgreSQL 9.7.1)."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


# --- search

SEPARATOR = "\x1f"  # ASCII's unit separator: what a search hardly has
_LETTERS: Mapping[type, set[str]] = {int: set("0123456789"), dt.date: set("0123456789-"), float: set("0123456789+-.eE")}


def _search(text: str) -> Node:
    """json-server 0.17's `q`. Numbers and days are looked at only for a text that one can hold."""
    if unstorable(text):
        return NEVER
    kinds = {str, *(kind for kind, letters in _LETTERS.items() if letters.issuperset(text))}
    columns = tuple(column for column in COLUMNS.values() if TABLE.c[column].type.python_type in kinds)
    declared = Term("search_each" if SEPARATOR in text else "search", columns, (_within(text),))
    return AnyOf(((declared,), *((term,) for term in _search_undeclared(text, float in kinds))))


def _search_undeclared(text: str, numeric: bool) -> list[Term]:
    """What stands between the values of a JSON array's text must not be found: quotes, commas, blanks, brackets."""
    if '"' in text or not text.strip(" ,[]"):
        return [Term("search_values", (), (_within(text),))]
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    numbers = [Term("search_numbers", (), (_within(text),))] if numeric else []
    true = [Term("search_true", ())] if text.lower() in "true" else []
    return [Term("search_strings", (), (_within(escaped),)), *numbers, *true]


def _within(text: str) -> str:
    return f"%{_literal(text)}%"
