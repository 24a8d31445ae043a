"""Kinds of field: all that differs by type, one row each. Pure.

A value that no record can have is never an error: nothing equals it. Text compares as text, in code points; a number as
JavaScript's Number would; a day as its text on the wire, so `2024-06` is a fine bound; yes and no as 1 and 0.
"""

import datetime as dt
import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import ge, gt, le, lt
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Boolean, Date, Double, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from app.resource import javascript
from app.resource.strict_json import unstorable

_EXPONENTIAL_FROM = 1e15  # PostgreSQL's float8out
WHOLE_MIN, WHOLE_MAX = -(2**63), 2**63 - 1  # bigint's; PostgreSQL compares an integer column with them by its index

Bound = tuple[str, Any] | bool
"""An operator of the column and its operand; or what holds for every record that has the field."""


class Scalar(NamedTuple):
    """How values that are no arrays or objects are compared and shown. In its SQL `{}` is the column."""

    textual: bool
    """Whether it is a text on the wire: 1.x's `:contains` and its like look at texts only."""
    same: Callable[[Any, bool], Any]
    """A client's value -> the column's that equals it (exact: of the same JSON type); None: no record can have it."""
    bound: Callable[[str, Iterable[Any]], Bound]
    """An operator and a client's values -> the weakest bound among them."""
    wire_text: str
    """The text a column has on the wire, whatever the session's settings."""
    search_text: str
    """What `q` looks at: NULL only where the column is. json-server 0.17 finds neither 0 nor false."""
    may_hold: Callable[[str], bool]
    """Whether the search text of a value could contain this text."""


class Kind(NamedTuple):
    """One kind of field. A row that lacks something cannot be made."""

    name: str
    """In words for people: "whole number"."""
    columns: tuple[type[TypeEngine[Any]], ...]
    """SQLAlchemy's types of its column."""
    sql: str
    """PostgreSQL's name of the type that values are bound as."""
    scalar: Scalar | None
    """None: any JSON value, compared by the JSON type that it has."""
    copy: Callable[[Any], str]
    """A value in the words of COPY's text format, unescaped, as COPY gives it back."""


# --- what a client's values are


def texts(values: Iterable[Any]) -> list[str]:
    """Those of the values that are texts the database can hold."""
    return [value for value in values if isinstance(value, str) and not unstorable(value)]


def numbers(values: Iterable[Any]) -> list[float]:
    return [number for number in map(javascript.number, values) if not math.isnan(number)]


def weakest(operator: str, bounds: Iterable[Any]) -> Any:
    """The bound that most records meet, None if there is no bound."""
    return (min if _is_lower(operator) else max)(bounds, default=None)


def _bound(of: Callable[[Iterable[Any]], Iterable[Any]], operator: str, values: Iterable[Any]) -> Bound:
    """By the weakest of these values that are `of` the kind, as it is."""
    bound = weakest(operator, of(values))
    return bound is not None and (operator, bound)


def _is_lower(operator: str) -> bool:
    return operator.startswith("g")


# --- text


def _same_text(value: Any, _: bool) -> str | None:
    return value if texts([value]) else None


# --- numbers

_TO_WHOLE: Mapping[str, Callable[[float], int]] = {
    "gte": math.ceil,
    "gt": lambda number: math.floor(number) + 1,
    "lte": math.floor,
    "lt": lambda number: math.ceil(number) - 1,
}


def _same_number(value: Any, exact: bool) -> float | None:
    """Blank text is no number: in JavaScript it bounds like 0, and equals none."""
    fits = isinstance(value, float) if exact else bool(javascript.trim(value))
    number = javascript.number(value) if fits else math.nan
    return number if math.isfinite(number) else None


def _same_whole(value: Any, exact: bool) -> int | None:
    number = _same_number(value, exact)
    return int(number) if number is not None and number.is_integer() and WHOLE_MIN <= number < WHOLE_MAX else None


def whole_bound(operator: str, values: Iterable[Any]) -> Bound:
    """The whole number that bounds the same whole numbers, within bigint."""
    bound = weakest(operator, numbers(values))
    if bound is None:
        return False
    whole = _TO_WHOLE[operator](min(max(bound, 2.0 * WHOLE_MIN), 2.0 * WHOLE_MAX))
    if _is_lower(operator):
        return whole <= WHOLE_MAX and ("gte", max(whole, WHOLE_MIN))
    return whole >= WHOLE_MIN and ("lte", min(whole, WHOLE_MAX))


# --- yes and no


def _same_truth(value: Any, exact: bool) -> bool | None:
    if isinstance(value, bool):
        return value
    return None if exact else {"true": True, "false": False}.get(value)


def _truth_bound(operator: str, values: Iterable[Any]) -> Bound:
    """Of yes (1) and no (0): those that meet a bound are both, one of them or none."""
    bound = weakest(operator, numbers(values))
    met = [] if bound is None else [truth for truth in (False, True) if _COMPARE[operator](truth, bound)]
    return ("eq", met[0]) if len(met) == 1 else bool(met)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


# --- days


class _Days:
    """Every day of the calendar as its text, in order: where a bound is looked up."""

    def __len__(self) -> int:
        return dt.date.max.toordinal()

    def __getitem__(self, place: int) -> str:
        return _day(place).isoformat()


def _day(place: int) -> dt.date:
    return dt.date.fromordinal(place + 1)


_DAYS = _Days()


def _same_day(value: Any, _: bool) -> dt.date | None:
    place = bisect_left(_DAYS, value) if isinstance(value, str) else len(_DAYS)
    return _day(place) if place < len(_DAYS) and _DAYS[place] == value else None


def day_bound(operator: str, values: Iterable[Any]) -> Bound:
    """The day from which on, or before which, the texts of days meet the bound."""
    bound = weakest(operator, texts(values))
    if bound is None:
        return False
    place = (bisect_left if operator in ("gte", "lt") else bisect_right)(_DAYS, bound)
    lower = _is_lower(operator)
    return ("gte" if lower else "lt", _day(place)) if place < len(_DAYS) else not lower


# --- the kinds


def _of(letters: str) -> Callable[[str], bool]:
    return frozenset(letters).issuperset


_NOT_ZERO = "coalesce(nullif({}, 0)::text, '')"

# ECMA-262 6.1.6.1.20: an exponent from 1e21 on and below 1e-6, of no more digits than it needs. PostgreSQL's is of two.
_NUMBER_TEXT = (
    "CASE WHEN {0} = 0 OR abs({0}) >= 1e-6 AND abs({0}) < 1e21 THEN trim_scale({0}::text::numeric)::text"
    " ELSE regexp_replace({0}::text, 'e([+-])0', 'e\\1') END"
)
_NUMBER_SOUGHT = f"CASE WHEN {{0}} <> 0 THEN {_NUMBER_TEXT} ELSE '' END"
_ISO = "to_char({}, 'YYYY-MM-DD')"


def _shortest(number: float) -> str:
    """As PostgreSQL writes a double precision (8.1.3): the shortest digits, without a point where there is no need."""
    return str(int(number)) if number.is_integer() and abs(number) < _EXPONENTIAL_FROM else repr(number)


def _is_in_true(text: str) -> bool:
    return text.lower() in "true"


TEXT = Kind("text", (Text,), "text", Scalar(True, _same_text, partial(_bound, texts), "{}", "{}", lambda _: True), str)
WHOLE = Kind(
    "whole number",
    (Integer, BigInteger),
    "bigint",
    Scalar(False, _same_whole, whole_bound, "{}::text", _NOT_ZERO, _of("0123456789-")),
    str,
)
NUMBER = Kind(
    "number",
    (Double,),
    "float8",
    Scalar(False, _same_number, partial(_bound, numbers), _NUMBER_TEXT, _NUMBER_SOUGHT, _of("0123456789+-.eE")),
    _shortest,
)
TRUTH = Kind(
    "yes or no",
    (Boolean,),
    "boolean",
    Scalar(False, _same_truth, _truth_bound, "{}::text", "CASE WHEN {} THEN 'true' ELSE '' END", _is_in_true),
    "ft".__getitem__,
)
DAY = Kind("day", (Date,), "date", Scalar(True, _same_day, day_bound, _ISO, _ISO, _of("0123456789-")), str)
JSON = Kind(
    "any JSON value",
    (JSONB,),
    "jsonb",
    None,
    json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode,  # dumps makes one each time
)

KINDS = (TEXT, WHOLE, NUMBER, TRUTH, DAY, JSON)


def is_of_a_kind(column: TypeEngine[Any]) -> bool:
    return any(type(column) in kind.columns for kind in KINDS)


def kind_of(column: TypeEngine[Any]) -> Kind:
    """The kind of a column's type, which must be of one."""
    return next(kind for kind in KINDS if type(column) in kind.columns)
