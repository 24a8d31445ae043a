"""Tests on JSON values, undeclared fields or declared ones, compared by the JSON type of what is stored.

A `document` is SQL that gives the value as jsonb, NULL if the record does not have it. json-server 0.17 compares the
text that JavaScript makes of a value (`Condition.as_text`); scalars compare by value, so only arrays and objects need
their text, and null meets no test. Source: 0.17.4, plural.js.
"""

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from app.dialect import similar
from app.dialect.conditions import Condition
from app.dialect.javascript_text import compound_text, text
from app.dialect.texts import COMPARISONS, contains, folded, literals, matches, patterns
from app.resource import javascript
from app.resource.kinds import numbers, texts, weakest
from app.resource.strict_json import unstorable
from app.sql import NEVER, Part, any_of, by_type

Document = Part


def test(document: Document, condition: Condition, fold: str) -> Part:
    """The condition on a JSON value; false or NULL where there is none."""
    operators = _AS_TEXT if condition.as_text else _OPERATORS
    return operators.get(condition.operator, _OPERATORS[condition.operator])(document, condition, fold)


def number_of(document: Document) -> Part:
    """The number it is, true being 1; else NULL."""
    return by_type(document, {"number": _number(document), "boolean": _truth(document)})


def string_of(document: Document) -> Part:
    """The text it is, else NULL."""
    return by_type(document, {"string": text_of(document)})


def text_of(document: Document) -> Part:
    """A JSON scalar as text, a string without its quotes."""
    return document.within("({} #>> '{{}}')")


def _number(document: Document) -> Part:
    return document.within("({})::numeric")


def _truth(document: Document) -> Part:
    return document.within("({})::boolean::integer::numeric")


# --- as 1.x compares


def _same(document: Document, condition: Condition, _: str) -> Part:
    return document.within("{} = ANY(%s::text[]::jsonb[])", _documents(condition))


def _other(document: Document, condition: Condition, _: str) -> Part:
    return document.within("{} <> ALL(%s::text[]::jsonb[])", _documents(condition))


def _bound(document: Document, condition: Condition, _: str) -> Part:
    number, text = _bounds(condition)
    tests = {"number": _number(document).within(*number), "string": text_of(document).within(*text)}
    return by_type(document, tests)


def _part(document: Document, condition: Condition, fold: str) -> Part:
    found = string_of(document)
    return any_of([contains(found, pattern, fold) for pattern in literals(condition)])


def _contains(document: Document, condition: Condition, fold: str) -> Part:
    """A text that has the part in it, or an array that has the element, both whatever the case."""
    elements = texts(map(javascript.text, condition.values))
    return any_of([_has(document, *both, fold) for both in zip(literals(condition), elements, strict=True)])


def _has(document: Document, pattern: str, element: str, fold: str) -> Part:
    part = contains(text_of(document), pattern, fold)
    same = f"{folded(text_of(Part('element$')).sql, fold)} = {folded('%s::text', fold)}"
    elements = f"SELECT 1 FROM jsonb_array_elements({document.sql}) AS element$ WHERE {same}"
    return by_type(document, {"string": part, "array": Part(f"EXISTS ({elements})", (*document.values, element))})


def _like(document: Document, condition: Condition, fold: str) -> Part:
    found = text(document)
    return any_of([matches(found, pattern, fold) for pattern in patterns(condition)])


def _similar(document: Document, condition: Condition, fold: str) -> Part:
    return similar.test(string_of(document), condition, fold)


def _scalar(document: Document, _: Condition, __: str) -> Part:
    return document.within("jsonb_typeof({}) IS DISTINCT FROM 'object'")


_OPERATORS: Mapping[str, Callable[[Document, Condition, str], Part]] = {
    "eq": _same,
    "ne": _other,
    **dict.fromkeys(COMPARISONS, _bound),
    "contains": _contains,
    **dict.fromkeys(("startsWith", "endsWith"), _part),
    "like": _like,
    "similar": _similar,
    "scalar": _scalar,
}


# --- as 0.17 compares


def _same_text(document: Document, condition: Condition, fold: str) -> Part:
    same = compound_text(document).within("{} = ANY(%s::text[])", texts(condition.values))
    return by_type(document, dict.fromkeys(("array", "object"), same), otherwise=_same(document, condition, fold))


def _other_text(document: Document, condition: Condition, fold: str) -> Part:
    other = compound_text(document).within("{} <> ALL(%s::text[])", texts(condition.values))
    tests = {**dict.fromkeys(("array", "object"), other), "null": NEVER}
    return by_type(document, tests, otherwise=_other(document, condition, fold))


def _text_bound(document: Document, condition: Condition, _: str) -> Part:
    number, bound = _bounds(condition)
    tests = {"number": _number(document).within(*number), "boolean": _truth(document).within(*number)}
    return by_type(document, tests, otherwise=text(document).within(*bound))


_AS_TEXT: Mapping[str, Callable[[Document, Condition, str], Part]] = {
    "eq": _same_text,
    "ne": _other_text,
    **dict.fromkeys(COMPARISONS, _text_bound),
}


def _bounds(condition: Condition) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """The test of a number and the test of a text, each as SQL and the value it binds."""
    operator = COMPARISONS[condition.operator]
    number = weakest(condition.operator, numbers(condition.values))
    text = weakest(condition.operator, texts(condition.values))
    bound = None if number is None else Decimal(repr(number))
    return (f"{{}} {operator} %s::numeric", bound), (f'{{}} COLLATE "C" {operator} %s::text', text)


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
