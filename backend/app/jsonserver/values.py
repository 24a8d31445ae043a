"""What a client's text means as the value of a column: equal values and bounds, by the column's type. Pure.

A value that no record can have is never an error: nothing equals it. Text compares as text, in code points; a number as
JavaScript's Number would; a day as its text on the wire, so `2024-06` is a fine bound.
"""

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from app.jsonserver import javascript
from app.schemas.strict_json import unstorable

INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1

Bound = tuple[str, Any] | bool
"""An operator of the column and its operand; or what holds for every record."""


class Kind(NamedTuple):
    """`same`: the column's value that equals a client's (exact: of the same JSON type), None if there can be none.

    `bound`: the weakest bound among a client's values. `textual`: whether it is a text on the wire.
    """

    same: Callable[[Any, bool], Any]
    bound: Callable[[str, Iterable[Any]], Bound]
    textual: bool


def texts(values: Iterable[Any]) -> list[str]:
    """Those of the values that are texts the database can hold."""
    return [value for value in values if isinstance(value, str) and not unstorable(value)]


def numbers(values: Iterable[Any]) -> list[float]:
    return [number for number in map(javascript.number, values) if not math.isnan(number)]


def weakest(operator: str, bounds: Iterable[Any]) -> Any:
    """The bound that most records meet, None if there is no bound."""
    return (min if _is_lower(operator) else max)(bounds, default=None)


def _is_lower(operator: str) -> bool:
    return operator.startswith("g")


# --- text


def _same_text(value: Any, _: bool) -> str | None:
    return value if texts([value]) else None


def _text_bound(operator: str, values: Iterable[Any]) -> Bound:
    bound = weakest(operator, texts(values))
    return bound is not None and (operator, bound)


# --- whole numbers

_TO_WHOLE: Mapping[str, Callable[[float], int]] = {
    "gte": math.ceil,
    "gt": lambda number: math.floor(number) + 1,
    "lte": math.floor,
    "lt": lambda number: math.ceil(number) - 1,
}


def _same_integer(value: Any, exact: bool) -> int | None:
    if exact and not isinstance(value, float):
        return None
    number = javascript.number(value)
    return int(number) if INTEGER_MIN <= number <= INTEGER_MAX and number.is_integer() else None


def _integer_bound(operator: str, values: Iterable[Any]) -> Bound:
    """The whole number that bounds the same whole numbers, within the column's range."""
    bound = weakest(operator, numbers(values))
    if bound is None:
        return False
    whole = _TO_WHOLE[operator](min(max(bound, 2.0 * INTEGER_MIN), 2.0 * INTEGER_MAX))
    if _is_lower(operator):
        return whole <= INTEGER_MAX and ("gte", max(whole, INTEGER_MIN))
    return whole >= INTEGER_MIN and ("lte", min(whole, INTEGER_MAX))


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


def _day_bound(operator: str, values: Iterable[Any]) -> Bound:
    """The day from which on, or before which, the texts of days meet the bound."""
    bound = weakest(operator, texts(values))
    if bound is None:
        return False
    place = (bisect_left if operator in ("gte", "lt") else bisect_right)(_DAYS, bound)
    lower = _is_lower(operator)
    return ("gte" if lower else "lt", _day(place)) if place < len(_DAYS) else not lower


KINDS: Mapping[type, Kind] = {
    str: Kind(_same_text, _text_bound, textual=True),
    int: Kind(_same_integer, _integer_bound, textual=False),
    dt.date: Kind(_same_day, _day_bound, textual=True),
}
"""By the Python type of a column."""
