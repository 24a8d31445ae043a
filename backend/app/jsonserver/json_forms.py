"""Tests on undeclared fields: SQL that compares by the JSON type of what is stored."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Integer,
    Numeric,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.jsonserver.scope import COMPARISONS, Form, Scope
from app.models.patient import TABLE
from app.sql import constant

EXTRA = TABLE.c.extra
NOTHING = literal_column("'{}'::jsonb", JSONB)
_NAMES = ARRAY(Text)


def undeclared(scope: Scope) -> ColumnElement[Any]:
    """A field in `extra`, as jsonb: NULL if it is not there."""
    return func.coalesce(EXTRA.op("->")(scope.bind(Text())), EXTRA.op("#>")(scope.bind(_NAMES)))


def text_of(document: ColumnElement[Any]) -> ColumnElement[str]:
    """A JSON scalar as text, a string without its quotes."""
    return document.op("#>>")(literal_column("'{}'", _NAMES)).cast(Text)


def number_of(field: ColumnElement[Any]) -> ColumnElement[Any]:
    """The number it is, true being 1; else NULL."""
    kind = json_type(field)
    return case(
        (kind == constant("number"), cast(field, Numeric)),
        (kind == constant("boolean"), cast(cast(cast(field, Boolean), Integer), Numeric)),
    )


def string_of(field: ColumnElement[Any]) -> ColumnElement[Any]:
    """The text it is, else NULL."""
    return case((json_type(field) == constant("string"), text_of(field)))


def _unknown(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """No record has the field."""
    return ~exists(select(TABLE.c.position).where(EXTRA != NOTHING, undeclared(scope).is_not(None)))


def documents(scope: Scope) -> ColumnElement[Any]:
    return cast(scope.bind(_NAMES), ARRAY(JSONB))


def _json_equal(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return undeclared(scope) == func.any(documents(scope))


def _json_other(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return undeclared(scope) != func.all(documents(scope))


def _json_bounded(operator: str) -> Form:
    def form(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        field = undeclared(scope)
        number = cast(field, Numeric).op(operator, is_comparison=True)(scope.bind(Numeric()))
        text = text_of(field).collate("C").op(operator, is_comparison=True)(scope.bind(Text()))
        return case(
            (json_type(field) == constant("number"), number),
            (json_type(field) == constant("string"), text),
            else_=false(),
        )

    return form


def _json_part(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    field = undeclared(scope)
    return and_(json_type(field) == constant("string"), scope.contains(text_of(field)))


def _json_contains(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """A text that has the part in it, or an array that has the element, both whatever the case."""
    field = undeclared(scope)
    part = scope.contains(text_of(field))
    element = func.jsonb_array_elements(field).column_valued("element")
    same = scope.folded(text_of(element)) == scope.folded(scope.bind(Text()))
    return case(
        (json_type(field) == constant("string"), part),
        (json_type(field) == constant("array"), exists(select(element).where(same))),
        else_=false(),
    )


def _json_scalar(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return json_type(undeclared(scope)).is_distinct_from(constant("object"))


def json_type(field: ColumnElement[Any]) -> ColumnElement[str]:
    return func.jsonb_typeof(field, type_=Text())


FORMS: Mapping[str, Form] = {
    "unknown": _unknown,
    "json_eq": _json_equal,
    "json_ne": _json_other,
    **{f"json_{name}": _json_bounded(operator) for name, operator in COMPARISONS.items()},
    "json_part": _json_part,
    "json_contains": _json_contains,
    "json_scalar": _json_scalar,
}
