"""Terms -> SQL: one small function for each form of test. Builds expressions; knows no value, only where one goes."""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.types import TypeEngine

from app.jsonserver.collation import Collations
from app.jsonserver.terms import SEPARATOR, AnyOf, Node
from app.models.patient import TABLE
from app.sql import constant

_EXTRA = TABLE.c.extra
_NAMES = ARRAY(Text)


class Scope:
    """Where a statement is being built: hands out its bind parameters p1, p2, ... and knows the collations."""

    def __init__(self, collations: Collations) -> None:
        self.collations = collations
        self.bound = 0

    def bind(self, type_: TypeEngine[Any]) -> ColumnElement[Any]:
        self.bound += 1
        return bindparam(f"p{self.bound}", type_=type_)

    def folded(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """Without case, in every alphabet."""
        return func.lower(Grouping(text).collate(self.collations.fold))


def condition(nodes: Iterable[Node], scope: Scope) -> ColumnElement[bool]:
    """All of the nodes hold. Binds their values in the order of `terms.leaves`."""
    return and_(true(), *(_node(node, scope) for node in nodes))


def undeclared(scope: Scope) -> ColumnElement[Any]:
    """A field in `extra`, as jsonb: NULL if it is not there."""
    return func.coalesce(_EXTRA.op("->")(scope.bind(Text())), _EXTRA.op("#>")(scope.bind(_NAMES)))


def wire_text(name: str) -> ColumnElement[str]:
    """A column as the text it has on the wire, whatever the session's DateStyle."""
    column = TABLE.c[name]
    if isinstance(column.type, Date):
        return func.to_char(column, constant("YYYY-MM-DD"), type_=Text())
    return cast(column, Text) if isinstance(column.type, Integer) else column


def text_of(document: ColumnElement[Any]) -> ColumnElement[str]:
    """A JSON scalar as text, a string without its quotes."""
    return document.op("#>>")(literal_column("'{}'", _NAMES)).cast(Text)


def number_of(field: ColumnElement[Any]) -> ColumnElement[Any]:
    kind = _json_type(field)
    return case(
        (kind == constant("number"), cast(field, Numeric)),
        (kind == constant("boolean"), cast(cast(cast(field, Boolean), Integer), Numeric)),
    )


def string_of(field: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((_json_type(field) == constant("string"), text_of(field)))


def _node(node: Node, scope: Scope) -> ColumnElement[bool]:
    if isinstance(node, AnyOf):
        return or_(false(), *(condition(group, scope) for group in node.groups))
    return _FORMS[node.form](node.columns, scope)


# --- declared fields


def _equal(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    column = TABLE.c[columns[0]]
    return column == scope.bind(column.type)


def _in(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    column = TABLE.c[columns[0]]
    return column == func.any(scope.bind(ARRAY(column.type)))


def _not_in(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    column = TABLE.c[columns[0]]
    return column != func.all(scope.bind(ARRAY(column.type)))


def _bounded(operator: str) -> "_Form":
    def form(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        column = TABLE.c[columns[0]]
        return column.op(operator, is_comparison=True)(scope.bind(column.type))

    return form


def _part(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return _contains(wire_text(columns[0]), scope)


def _like(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return _matches(wire_text(columns[0]), scope)


def _contains(text: ColumnElement[str], scope: Scope) -> ColumnElement[bool]:
    return scope.folded(text).like(scope.folded(scope.bind(Text())))


def _matches(text: ColumnElement[str], scope: Scope) -> ColumnElement[bool]:
    return text.collate(scope.collations.fold).op("~*", is_comparison=True)(scope.bind(Text()))


# --- undeclared fields


def _known(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return exists(select(TABLE.c.position).where(_EXTRA != _NOTHING, undeclared(scope).is_not(None)))


def _unknown(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return ~_known(columns, scope)


def _documents(scope: Scope) -> ColumnElement[Any]:
    return cast(scope.bind(_NAMES), ARRAY(JSONB))


def _json_equal(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return undeclared(scope) == func.any(_documents(scope))


def _json_other(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return undeclared(scope) != func.all(_documents(scope))


def _json_bounded(operator: str) -> "_Form":
    def form(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        field = undeclared(scope)
        number = cast(field, Numeric).op(operator, is_comparison=True)(scope.bind(Numeric()))
        text = text_of(field).collate("C").op(operator, is_comparison=True)(scope.bind(Text()))
        return case(
            (_json_type(field) == constant("number"), number),
            (_json_type(field) == constant("string"), text),
            else_=false(),
        )

    return form


def _json_part(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    field = undeclared(scope)
    return and_(_json_type(field) == constant("string"), _contains(text_of(field), scope))


def _json_like(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    field = undeclared(scope)
    return and_(
        _json_type(field).in_([constant(kind) for kind in ("string", "number", "boolean")]),
        _matches(text_of(field), scope),
    )


def _json_scalar(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    return _json_type(undeclared(scope)).is_distinct_from(constant("object"))


def _json_type(field: ColumnElement[Any]) -> ColumnElement[str]:
    return func.jsonb_typeof(field, type_=Text())


# --- search

_SEPARATOR = constant(SEPARATOR)
_NOTHING = literal_column("'{}'::jsonb", JSONB)
_FALSY = literal_column("ARRAY['null', 'false', '0']::jsonb[]", ARRAY(JSONB))  # 0.17 looks for none of these


def _search(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """All columns as one text, so that case is folded once; a separator that the search has not keeps them apart.

    Of immutable operators, so that an index on the expression can serve it.
    """
    text = reduce(lambda one, other: one.concat(_SEPARATOR).concat(other), map(wire_text, columns))
    return _contains(text, scope)


def _search_each(columns: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """The same column by column, for a search that has the separator in it."""
    pattern = scope.folded(scope.bind(Text()))
    return or_(*(scope.folded(wire_text(column)).like(pattern) for column in columns))


def _search_json(kind: str) -> "_Form":
    """The undeclared values that a path finds, as the text of one JSON array.

    No subquery: PostgreSQL would think that every record costs a walk through JSON, and compile the query for a second.
    """
    path = constant(f"strict $.** ? ({kind})")

    def form(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
        return and_(_EXTRA != _NOTHING, _contains(cast(func.jsonb_path_query_array(_EXTRA, path), Text), scope))

    return form


def _search_true(_: tuple[str, ...], __: Scope) -> ColumnElement[bool]:
    true_ = func.jsonb_path_exists(_EXTRA, constant("strict $.** ? (@ == true)"), type_=Boolean())
    return and_(_EXTRA != _NOTHING, true_)


def _search_values(_: tuple[str, ...], scope: Scope) -> ColumnElement[bool]:
    """Value by value, for a search that an array's own text could match."""
    value = func.jsonb_path_query(_EXTRA, constant("strict $.**")).column_valued("value")
    scalar = and_(_json_type(value).not_in([constant("object"), constant("array")]), value != func.all(_FALSY))
    return and_(_EXTRA != _NOTHING, exists(select(value).where(scalar, _contains(text_of(value), scope))))


_Form = Callable[[tuple[str, ...], Scope], ColumnElement[bool]]
_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_FORMS: Mapping[str, _Form] = {
    "eq": _equal,
    "in": _in,
    "ne": _not_in,
    **{name: _bounded(operator) for name, operator in _BOUNDS.items()},
    "part": _part,
    "like": _like,
    "unknown": _unknown,
    "json_eq": _json_equal,
    "json_ne": _json_other,
    **{f"json_{name}": _json_bounded(operator) for name, operator in _BOUNDS.items()},
    "json_part": _json_part,
    "json_like": _json_like,
    "json_scalar": _json_scalar,
    "search": _search,
    "search_each": _search_each,
    "search_strings": _search_json('@.type() == "string"'),
    "search_numbers": _search_json('@.type() == "number" && @ != 0'),
    "search_true": _search_true,
    "search_values": _search_values,
}
CHEAP = frozenset({"eq", "in", "ne", "unknown", *_BOUNDS, "json_eq", "json_ne", *(f"json_{name}" for name in _BOUNDS)})
"""Forms best tested twice, for the page by its index and for the total: that is cheaper than to keep what they find."""
