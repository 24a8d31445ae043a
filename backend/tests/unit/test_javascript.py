"""Number(), parseInt() and String() as JavaScript has them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.resource.javascript import LIMIT, number, parse_int, text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("45", 45), (" 45\n", 45), ("045", 45), ("+4.5", 4.5), ("-.5", -0.5), ("5.", 5), ("1e3", 1000), ("1E-2", 0.01),
        ("", 0), ("\u00a0\ufeff", 0), ("0x2D", 45), ("0b11", 3), ("0o17", 15), ("Infinity", math.inf),
        ("-Infinity", -math.inf), ("1e400", math.inf), ("9" * 400, math.inf), (None, 0), (True, 1), (False, 0),
        (2.5, 2.5),
    ],
)  # fmt: skip
def test_numbers(value: Any, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    "value",
    ["abc", "45abc", "4 5", "-0x2D", "1_000", "٤٥", "inf", "nan", "NaN", ".", "e3", "0x", [], {}, "+-1"],
)  # fmt: skip
def test_no_numbers(value: Any) -> None:
    assert math.isnan(number(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12", 12), (" 12px", 12), ("-3.9", -3), ("+7", 7), ("007", 7), ("1e3", 1), ("", None), ("x1", None),
        ("-", None), ("٤", None), ("9" * 30, LIMIT), ("-" + "9" * 5000, -LIMIT), ("0" * 5000 + "5", 5),
    ],
)  # fmt: skip
def test_parse_int(value: str, expected: int | None) -> None:
    assert parse_int(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"), (45.0, "45"), (-4.5, "-4.5"), (True, "true"), (False, "false"), (None, "null"), ([1.0, "a"], "1,a"),
        ({"a": 1}, "[object Object]"), ([None, [], [None, 2.0]], ",,,2"),
    ],
)  # fmt: skip
def test_texts(value: Any, expected: str) -> None:
    assert text(value) == expected


@given(st.text())
def test_every_text_is_a_number_or_none(value: str) -> None:
    assert isinstance(number(value), float)
    assert parse_int(value) is None or abs(parse_int(value) or 0) <= LIMIT
