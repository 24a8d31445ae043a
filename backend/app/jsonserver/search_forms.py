"""Tests of a search (`q`): SQL that looks for a text in every field."""

from collections.abc import Mapping
from functools import reduce

from sqlalchemy import ARRAY, Boolean, ColumnElement, Text, and_, cast, exists, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from app.jsonserver.json_forms import EXTRA, NOTHING, json_type, text_of
from app.jsonserver.scope import Form, Scope, wire_text
from app.jsonserver.terms import SEPARATOR
from app.sql import constant

_SEPARATOR = constant(SEPARATOR)
_FALSY = literal_column("ARRAY['null', 'false', '0']::jsonb[]", ARRAY(JSONB))  # 0.17 looks for none of these


def _search(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """All columns as one text, so that case is folded once; a separator that the search has not keeps them apart.

    Of immutable operators, so that an index on the expression can serve it.
    """
    text = reduce(lambda one, other: one.concat(_SEPARATOR).concat(other), map(wire_text, columns))
    return scope.contains(text)


def _search_each(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """The same column by column, for a search that has the separator in it."""
    pattern = scope.folded(scope.bind(Text()))
    return or_(*(scope.folded(wire_text(column)).like(pattern) for column in columns))


def _search_json(kind: str) -> Form:
    """The undeclared values that a path finds, as the text of one JSON array.

    No subquery: PostgreSQL would think that every record costs a walk through JSON, and compile the query for a second.
    """
    path = constant(f"strict $.** ? ({kind})")

    def form(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        return and_(EXTRA != NOTHING, scope.contains(cast(func.jsonb_path_query_array(EXTRA, path), Text)))

    return form


def _search_true(_: tuple[str, ...], __: Scope) -> ColumnElement[bool]:
    true_ = func.jsonb_path_exists(EXTRA, constant("strict $.** ? (@ == true)"), type_=Boolean())
    return and_(EXTRA != NOTHING, true_)


def _search_values(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """Value by value, for a search that an array's own text could match."""
    value = func.jsonb_path_query(EXTRA, constant("strict $.**")).column_valued("value")
    scalar = and_(json_type(value).not_in([constant("object"), constant("array")]), value != func.all(_FALSY))
    return and_(EXTRA != NOTHING, exists(select(value).where(scalar, scope.contains(text_of(value)))))


FORMS: Mapping[str, Form] = {
    "search": _search,
    "search_each": _search_each,
    "search_strings": _search_json('@.type() == "string"'),
    "search_numbers": _search_json('@.type() == "number" && @ != 0'),
    "search_true": _search_true,
    "search_values": _search_values,
}
