"""Little pictures above a table: how often each of few values is there, how numbers and days spread. Pure."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.api.table.cells import text
from app.api.table.states import Pair, State
from app.resource.fields import Field
from app.resource.kinds import DAY, NUMBER, TEXT, TRUTH, WHOLE
from app.resource.resource import Resource

FEW = 8  # values that a picture shows
_TEXTS = 4  # columns of text that may have few values
_PICTURES = 2  # of values
_BARS = 32  # of a spread at most
_YEARS = (1, 10, 100, 1000)

Count = tuple[Any, int]


class Bar(NamedTuple):
    """Its words, how many records, that in percent of the highest, and the address of these records."""

    label: str
    records: int
    percent: float
    address: str


class Picture(NamedTuple):
    name: str
    bars: Sequence[Bar]
    spread: bool
    """Whether the bars stand in the order of what they count."""


def candidates(resource: Resource, state: State) -> list[Field]:
    """The columns that may have few values, and the first with numbers and with days; none that is hidden."""
    unique = {"id", *resource.unique.values()}
    shown = [one for name, one in resource.fields.items() if name not in state.hidden | unique]
    few = [one for one in shown if one.choices or one.kind is TRUTH]
    texts = [one for one in shown if one.kind is TEXT and one.limited and not one.choices]
    spread = [[one for one in shown if one.kind in kinds][:1] for kinds in ((WHOLE, NUMBER), (DAY,))]
    return [*few[:_TEXTS], *texts[: max(0, _TEXTS - len(few))], *spread[0], *spread[1]]


def pictures(fields: Sequence[Field], counts: Sequence[Sequence[Count]], state: State) -> list[Picture]:
    """Of those columns that have a picture: more than one value, and of what has no order few."""
    drawn = [_picture(field, some, state) for field, some in zip(fields, counts, strict=True) if len(some) > 1]
    values = [one for one in drawn if not one.spread and len(one.bars) <= FEW]
    return values[:_PICTURES] + [one for one in drawn if one.spread]


def _picture(field: Field, counts: Sequence[Count], state: State) -> Picture:
    if field.kind in (TEXT, TRUTH):
        return Picture(field.name, _bars([(text(v), n, [(field.name, text(v))]) for v, n in counts], state), False)
    bins = _days(counts) if field.kind is DAY else _numbers(counts, field.kind is WHOLE)
    told = [(label, n, [(f"{field.name}_gte", low), (f"{field.name}_lt", high)]) for label, low, high, n in bins]
    return Picture(field.name, _bars(told, state), True)


def _bars(told: Sequence[tuple[str, int, Sequence[Pair]]], state: State) -> list[Bar]:
    most = max(count for _, count, _ in told)
    return [Bar(label, count, round(100 * count / most, 1), state.only(*filters)) for label, count, filters in told]


Bin = tuple[str, str, str, int]
"""Its words, from where and up to where, and how many."""


def _numbers(counts: Sequence[Count], whole: bool) -> list[Bin]:
    """In steps of 1, 2 or 5 times a power of ten, some ten of them."""
    low, high = min(value for value, _ in counts), max(value for value, _ in counts)
    step = _step((high - low) / 10)
    step = max(1, round(step)) if whole else step
    found = _binned(lambda value: math.floor(value / step), counts)
    return [_bin(place * step, (place + 1) * step, found[place], int(whole)) for place in _between(found)]


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough)) if rough else 1.0
    return power * next(one for one in (1, 2, 5, 10) if one * power >= rough * (1 - 1e-9))


def _bin(low: float, high: float, count: int, gap: int) -> Bin:
    last = high - gap
    return f"{low:,g}–{last:,g}" if last > low else f"{low:,g}", f"{low:.12g}", f"{high:.12g}", count


def _days(counts: Sequence[Count]) -> list[Bin]:
    """By day, month or years, whichever gives few enough bars."""
    binned = ((start, _binned(place_of, counts)) for place_of, start in _UNITS)
    start, found = next(one for one in binned if len(_between(one[1])) <= _BARS)
    return [(start(place), start(place), start(place + 1), found[place]) for place in _between(found)]


def _binned(place_of: Callable[[Any], int], counts: Iterable[Count]) -> Counter[int]:
    found = Counter[int]()
    for value, count in counts:
        found[place_of(value)] += count
    return found


def _between(found: Mapping[int, int]) -> range:
    return range(min(found), max(found) + 1)


def _month(place: int) -> str:
    return f"{place // 12:04}-{place % 12 + 1:02}"


def _of_years(years: int) -> tuple[Callable[[str], int], Callable[[int], str]]:
    return lambda day: int(day[:4]) // years, lambda place: f"{place * years:04}"


_UNITS: Sequence[tuple[Callable[[str], int], Callable[[int], str]]] = (
    (lambda day: dt.date.fromisoformat(day).toordinal(), lambda place: dt.date.fromordinal(place).isoformat()),
    (lambda day: int(day[:4]) * 12 + int(day[5:7]) - 1, _month),
    *map(_of_years, _YEARS),
)
