"""Tests on undeclared fields as json-server 0.17 makes them: it compares the text that JavaScript makes of a value.

Scalars compare by value, so only arrays and objects need their text; null meets no test. Source: 0.17.4, plural.js.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Numeric,
    TableValuedAlias,
    Text,
    case,
    cast,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.jsonserver.json_forms import documents, json_type, number_of, text_of, undeclared
from app.jsonserver.scope import COMPARISONS, Form, Scope
from app.sql import constant

_ARRAY, _OBJECT, _NULL, _NUMBER = (constant(kind) for kind in ("array", "object", "null", "number"))
_OBJECT_TEXT, _NOTHING = constant("[object Object]"), constant("")
_NO_ELEMENT = literal_column("'[]'::jsonb", JSONB)
_NO_PLACE = literal_column("'{}'::bigint[]", ARRAY(BigInteger))


def _compound_text(document: ColumnElement[Any]) -> ColumnElement[str]:
    return case((json_type(document) == _ARRAY, _joined(document)), else_=_OBJECT_TEXT)


def _text(document: ColumnElement[Any]) -> ColumnElement[str]:
    """`String(document)`; NULL for null."""
    return case((_compound(document), _compound_text(document)), else_=_scalar_text(document))


def _scalar_text(document: ColumnElement[Any]) -> ColumnElement[str]:
    number = cast(func.trim_scale(cast(document, Numeric)), Text)
    return case((json_type(document) == _NUMBER, number), else_=text_of(document))


def _joined(array: ColumnElement[Any]) -> ColumnElement[str]:
    """The elements' texts, those of arrays among them likewise, with commas between them (ECMA-262, 23.1.3.18)."""
    outer = _elements(array)
    part = select(func.array_append(_NO_PLACE, outer.c.n).label("place"), outer.c.value)
    parts = part.cte("parts", recursive=True, nesting=True)
    nested = json_type(parts.c.value) == _ARRAY
    inner = _elements(case((nested, parts.c.value), else_=_NO_ELEMENT))
    deeper = select(func.array_append(parts.c.place, inner.c.n), inner.c.value)
    parts = parts.union_all(deeper.select_from(parts.join(inner, true())))
    kind = json_type(parts.c.value)
    text = case((kind == _ARRAY, _NOTHING), (kind == _OBJECT, _OBJECT_TEXT), else_=_scalar_text(parts.c.value))
    separated = aggregate_order_by(constant(","), parts.c.place)
    joined = func.coalesce(func.string_agg(func.coalesce(text, _NOTHING), separated), _NOTHING)
    return select(joined).where(or_(kind != _ARRAY, parts.c.value == _NO_ELEMENT)).scalar_subquery()


def _elements(array: ColumnElement[Any]) -> TableValuedAlias:
    elements = func.jsonb_array_elements(array)
    return elements.table_valued(column("value", JSONB), with_ordinality="n").render_derived()


def _compound(field: ColumnElement[Any]) -> ColumnElement[bool]:
    return json_type(field).in_([_ARRAY, _OBJECT])


def _equal(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    field = undeclared(scope)
    same = field == func.any(documents(scope))
    text = _compound_text(field) == func.any(scope.bind(ARRAY(Text)))
    return case((_compound(field), text), else_=same)


def _other(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    field = undeclared(scope)
    other = field != func.all(documents(scope))
    text = _compound_text(field) != func.all(scope.bind(ARRAY(Text)))
    return case((_compound(field), text), (json_type(field) == _NULL, false()), else_=other)


def _bounded(operator: str) -> Form:
    def form(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        field = undeclared(scope)
        number = number_of(field).op(operator, is_comparison=True)(scope.bind(Numeric()))
        text = _text(field).collate("C").op(operator, is_comparison=True)(scope.bind(Text()))
        numeric = json_type(field).in_([_NUMBER, constant("boolean")])
        return case((numeric, number), else_=text)

    return form


def _like(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    field = undeclared(scope)
    return scope.matches(_text(field))


FORMS: Mapping[str, Form] = {
    "text_eq": _equal,
    "text_ne": _other,
    **{f"text_{name}": _bounded(operator) for name, operator in COMPARISONS.items()},
    "text_like": _like,
}
