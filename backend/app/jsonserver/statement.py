"""ListQuery -> SELECT. Builds statements, never executes them; PostgreSQL renders the JSON of every answer.

A statement's SQL depends on its shape alone (which tests, which order, what kind of page) and is compiled once for each
shape; values are bound. A page's records are chosen by position first, which an index can do; then only they are
rendered. Page and total come from one snapshot. A list above `LIST_BYTES` is not rendered as one text: its positions
are read, and then its records part by part.
"""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    Text,
    TextClause,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.jsonserver import forms, json_forms, terms
from app.jsonserver.collation import Collations
from app.jsonserver.javascript import LIMIT
from app.jsonserver.query import Dialect, ListQuery, Page, Slice, SortKey
from app.jsonserver.scope import Scope
from app.limits import COMPRESSED, LIST_BYTES, PART_BYTES, ROW_BYTES
from app.models.patient import TABLE
from app.schemas.patient import COLUMNS
from app.schemas.strict_json import unstorable
from app.sql import Query, compile_sql, constant

_POSITION = TABLE.c.position
_ALIKE = {"gender"}  # its three values stand in the same order in every collation, so one index serves all dialects
_ZERO, _ONE = (literal_column(digit, BigInteger()) for digit in "01")


def wire_row() -> ColumnElement[str]:
    """One patient as compact JSON text: declared fields in wire order, then the undeclared ones.

    `row_to_json` writes no blanks (`json_build_object` does) and dates as ISO 8601 whatever the session's DateStyle.
    """
    # Columns as text, so that SQLAlchemy adds no FROM of its own within RETURNING.
    labels = [literal_column(f"{TABLE.name}.{column}", Text).label(wire) for wire, column in COLUMNS.items()]
    fields = select(*labels).subquery("r")
    declared = cast(func.row_to_json(select(literal_column("r")).select_from(fields).scalar_subquery()), Text)
    extra = cast(literal_column(f"{TABLE.name}.extra"), Text)
    merged = func.concat(func.rtrim(declared, constant("}")), constant(","), func.substr(extra, literal_column("2")))
    return case((extra == constant("{}"), declared), else_=merged)


def list_query(query: ListQuery, collations: Collations) -> Query:
    """One row: the page's JSON array (None if too large for one answer), the total before paging (None: a whole list).

    Raises `UnsupportedQuery` for more or other filters than this server takes.
    """
    return _query(query, collations, "rows")


def places_query(query: ListQuery, collations: Collations) -> Query:
    """The same list for one that is too large: a row for each of its parts, in order. Row: positions, total.

    Positions are 64-bit integers, big-endian, one behind another: as a list of Python's they take five times as much.
    """
    return _query(query, collations, "places")


@cache
def rows_at() -> str:
    """The records at `positions`, in that order, as one JSON array's inside; NULL if they are all gone."""
    places = func.unnest(bindparam("positions", type_=ARRAY(BigInteger)))
    place = places.table_valued("position", with_ordinality="n").render_derived("place")
    rows = func.string_agg(wire_row(), aggregate_order_by(constant(","), place.c.n))
    return compile_sql(select(rows).select_from(place.join(TABLE, place.c.position == _POSITION)))


def _query(query: ListQuery, collations: Collations, result: "_Result") -> Query:
    nodes = terms.filters(query.conditions, query.search)
    window, limits = _window(query.window, clamped=query.enveloped)
    sort = [key for key in query.sort if not unstorable(key.field)]
    shape = _Shape(_unbound(nodes), _keys(sort), query.dialect, window, result)
    values = [value for term in terms.leaves(nodes) for value in term.values]
    values += [value for key in sort if key.field not in COLUMNS for value in terms.undeclared(key.field)]
    return Query(_compiled(shape, collations), {f"p{place}": value for place, value in enumerate(values, 1)} | limits)


# --- shape

_Window = Literal["whole", "plain", "clamped", "relative"]
_Result = Literal["rows", "places"]


class _Key(NamedTuple):
    """A sort key; `column` None: an undeclared field, whose name is bound."""

    column: str | None
    descending: bool


class _Shape(NamedTuple):
    """All that a statement's SQL depends on, but for the collations."""

    nodes: tuple[terms.Node, ...]
    keys: tuple[_Key, ...]
    dialect: Dialect
    window: _Window
    result: _Result


def _unbound(nodes: Iterable[terms.Node]) -> tuple[terms.Node, ...]:
    return tuple(
        node._replace(values=()) if isinstance(node, terms.Term) else terms.AnyOf(tuple(map(_unbound, node.groups)))
        for node in nodes
    )


def _keys(sort: Iterable[SortKey]) -> tuple[_Key, ...]:
    return tuple(_Key(COLUMNS.get(key.field), key.descending) for key in sort)


def _window(window: Page | Slice | None, *, clamped: bool) -> tuple[_Window, dict[str, int]]:
    """The form of LIMIT and OFFSET, and their values."""
    if window is None:
        return "whole", {}
    if isinstance(window, Page):
        limits = {"limit": window.size, "offset": min((window.number - 1) * window.size, LIMIT)}
        return ("clamped" if clamped and limits["offset"] else "plain"), limits
    start, end = window
    if start < 0 or end < 0:
        return "relative", {"start": start, "end": end}
    return "plain", {"limit": max(0, end - start), "offset": start}


# --- SQL


@lru_cache(256)  # an application uses a handful
def _compiled(shape: _Shape, collations: Collations) -> str:
    scope = Scope(collations)
    found = forms.condition(shape.nodes, scope)
    order = "C" if shape.dialect == "0.17" else collations.order or "C"
    keys = [(part, key.descending) for key in shape.keys for part in _sorted_by(key, order, scope)]
    records, total = (_whole if shape.window == "whole" else _part)(shape, found, keys)
    return compile_sql(_RESULTS[shape.result](records, keys, total))


_Keys = Sequence[tuple[ColumnElement[Any], bool]]


def _sorted_by(key: _Key, order: str, scope: Scope) -> list[ColumnElement[Any]]:
    """What a key sorts by. An undeclared field: numbers before texts before records without it, as in JavaScript."""
    if key.column:
        column = TABLE.c[key.column]
        return [column.collate(order) if isinstance(column.type, String) and key.column not in _ALIKE else column]
    field = json_forms.undeclared(scope)
    return [json_forms.number_of(field), json_forms.string_of(field).collate(order)]


def _ordering(keys: _Keys, position: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Ties in list order, also when descending."""
    return [*(key.desc() if descending else key for key, descending in keys), position]


def _rows(keys: _Keys, position: ColumnElement[Any]) -> ColumnElement[str]:
    rows = func.string_agg(wire_row(), aggregate_order_by(constant(","), *_ordering(keys, position)))
    return func.concat(constant("["), rows, constant("]"))


def _whole(_: _Shape, found: ColumnElement[bool], keys: _Keys) -> tuple[Select[Any], ColumnElement[Any]]:
    records: Select[Any] = select(TABLE, *_named(keys)).where(found)
    return records, null()


def _part(shape: _Shape, found: ColumnElement[bool], keys: _Keys) -> tuple[Select[Any], ColumnElement[Any]]:
    """Positions by the order's index, the total beside, and then the records themselves by their positions."""
    matched = select(_POSITION, *_named(keys)).where(found).cte("matched").prefix_with(_materialized(shape.nodes))
    total = select(func.count().label("n")).select_from(matched).cte("total")
    size = select(total.c.n).scalar_subquery()
    page = _limited(_ordered(matched, keys), shape.window, size).cte("page")
    records: Select[Any] = select(TABLE, *(key for key, _ in _labelled(page, keys)))
    return records.select_from(page.join(TABLE, page.c.position == _POSITION)), size


def _rendered(records: Select[Any], keys: _Keys, total: ColumnElement[Any]) -> Select[Any]:
    few = records.limit(literal_column(str(LIST_BYTES // ROW_BYTES + 1))).cte("few")
    weight = select(func.coalesce(func.sum(_weight(few)), _ZERO)).scalar_subquery()
    listed = few.alias(TABLE.name)
    rows = select(_rows(_labelled(listed, keys), listed.c.position)).scalar_subquery()
    return select(case((weight <= literal_column(str(LIST_BYTES)), rows)), total)


def _placed(records: Select[Any], keys: _Keys, total: ColumnElement[Any]) -> Select[Any]:
    listed = records.subquery()
    order = _ordering(_labelled(listed, keys), listed.c.position)
    part = func.sum(_weight(listed)).over(order_by=order).op("/")(literal_column(str(PART_BYTES)))
    parted = select(listed, part.label("part")).subquery("parted")
    order = _ordering(_labelled(parted, keys), parted.c.position)
    positions = func.string_agg(func.int8send(parted.c.position), aggregate_order_by(constant(""), *order))
    return select(positions, total).group_by(parted.c.part).order_by(parted.c.part)


_RESULTS = {"rows": _rendered, "places": _placed}


def _weight(records: FromClause) -> ColumnElement[int]:
    """Bytes of each record, without reading what PostgreSQL stores beside the table; a guess if that is compressed.

    Prose shrinks to a third or so, one letter repeated to a ninetieth.
    """
    size = func.pg_column_size(records.c.extra)
    uncompressed = func.pg_column_compression(records.c.extra).is_(None)
    return case((uncompressed, size), else_=size * literal_column(str(COMPRESSED))) + literal_column(str(ROW_BYTES))


def _named(keys: _Keys) -> list[ColumnElement[Any]]:
    return [key.label(f"k{place}") for place, (key, _) in enumerate(keys, 1)]


def _labelled(table: FromClause, keys: _Keys) -> _Keys:
    return [(table.c[f"k{place}"], descending) for place, (_, descending) in enumerate(keys, 1)]


def _ordered(matched: CTE, keys: _Keys) -> Select[Any]:
    return select(matched).order_by(*_ordering(_labelled(matched, keys), matched.c.position))


def _materialized(nodes: Iterable[terms.Node]) -> TextClause:
    """What is dear to test is tested once, for page and total together."""
    cheap = all(term.form in forms.CHEAP for term in terms.leaves(nodes))
    return text("NOT MATERIALIZED" if cheap else "MATERIALIZED")


def _limited(ordered: Select[Any], window: _Window, size: ColumnElement[int]) -> Select[Any]:
    limit, offset, start, end = (bindparam(name, type_=BigInteger()) for name in ("limit", "offset", "start", "end"))
    if window == "relative":
        first, last = (case((edge < _ZERO, func.greatest(size + edge, _ZERO)), else_=edge) for edge in (start, end))
        return ordered.limit(func.greatest(last - first, _ZERO)).offset(first)
    last_page = func.greatest((size - _ONE) // limit * limit, _ZERO)
    return ordered.limit(limit).offset(func.least(offset, last_page) if window == "clamped" else offset)
