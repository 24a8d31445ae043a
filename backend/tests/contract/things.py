"""Records with a field of every kind, required and optional, and every list request that can be made of them."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from urllib.parse import quote_plus

from tests.contract.answers import Version

KINDS = ("word", "pieces", "weight", "done", "day", "any")
MAYBE = tuple("maybe" + name.capitalize() for name in KINDS)
DECLARED = (*KINDS, *MAYBE)
TEXTS = ("word", "day", "maybeWord", "maybeDay")
NUMBERS = ("pieces", "weight", "maybePieces", "maybeWeight")

_ROWS: tuple[tuple[Any, ...], ...] = (
    ("red", 3, 1.5, True, "2024-01-15", {"a": [1, "two"], "b": None}),
    ("Red", 0, 0, False, "2024-02-29", []),
    ("blue", -4, -0.5, True, "2023-12-31", ["x", "red", 1.5, True]),
    ("", 12, 12, False, "2024-01-15", "red"),
    ("Ünlü, a", 3, 2.25, True, "0001-01-01", 0),
    ("true", 1, 1e15, True, "9999-12-31", 1.5),
    ("null", 2**40, 1e21, False, "2024-06-01", True),
    ("1", -1, 1e-7, False, "2022-02-28", None),
)
_FULL = 4  # records with all the optional fields; of the others each is null or absent


def _thing(place: int, row: tuple[Any, ...]) -> dict[str, Any]:
    optional = dict(zip(MAYBE, row, strict=True))
    nulls = {name: None for n, name in enumerate(MAYBE) if (place + n) % 2}
    return {"id": str(place + 1), **dict(zip(KINDS, row, strict=True)), **(optional if place < _FULL else nulls)}


THINGS = [_thing(place, row) for place, row in enumerate(_ROWS)]

_VALUES = ("", "0", "-1", "1.5", "3", "true", "false", "null", "red", "RED", "2024-01", "2024-02-29")
_ODD = ("1e21", "1e-7", "000", "[object Object]", "x,red,1.5,true", "1,two")
_JSON = (0, 1.5, True, False, None, "red", "", "2024-01", "1")
_WHERE = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "contains", "startsWith", "endsWith")
_SPELLINGS: Mapping[Version, tuple[str, ...]] = {
    "0.17.4": ("", "_ne", "_gte", "_lte", "_like"),
    "1.0.0-beta.15": ("", "_ne", "_gt", *(f":{name}" for name in _WHERE)),
}


def queries(version: Version) -> Iterator[str]:
    """Every field with every operator of the release and every value; every order, search and page."""
    names = (*DECLARED, "any.a", "maybeAny.a") if version == "0.17.4" else DECLARED  # to beta.15 all have any path
    for name, spelling, value in product(names, _SPELLINGS[version], (*_VALUES, *_ODD)):
        yield f"{name}{spelling}={quote_plus(value)}"
    yield from (_of_0_17 if version == "0.17.4" else _of_1)(names)


def _of_0_17(names: tuple[str, ...]) -> Iterator[str]:
    yield from (f"_sort={name}{order}" for name, order in product(names, ("", "&_order=desc")))
    yield from (f"q={quote_plus(value)}" for value in (*_VALUES, *_ODD))
    yield from ("_page=2&_limit=3&_sort=pieces", "_start=1&_end=4&done=true", "_page=1&_limit=2&maybeDone=true")


def _of_1(names: tuple[str, ...]) -> Iterator[str]:
    yield from (f"_sort={order}{name}" for name, order in product(names, ("", "-")))
    for name, operator, value in product(names, _WHERE[:-2], _JSON):
        yield f"_where={quote_plus(json.dumps({name: {operator: value}}))}"
    yield from ("_page=2&_per_page=3&_sort=pieces", "_page=1&_per_page=2&maybeDone=true")
