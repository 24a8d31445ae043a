"""What a field's values say of it."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.declaring.evidence import Evidence, Found
from app.resource.record import check
from tests.declared import of, resource

KINDS: list[tuple[list[Any], str]] = [
    ([1, 2, -3], "whole number"),
    ([1, 45.0], "whole number"),
    ([42, "42"], "whole number"),
    (["42", "43"], "text"),
    ([42, "50 years"], "any JSON value"),
    (["42", "50 years"], "text"),
    ([1, 1.5], "number"),
    ([1.5, "2.5"], "number"),
    ([2**53, 1], "number"),
    ([1, "1.50"], "any JSON value"),
    ([1, ""], "any JSON value"),
    ([1, True], "any JSON value"),
    ([True, False], "yes or no"),
    ([True, "false"], "yes or no"),
    (["true", "false"], "text"),
    (["2024-02-29", "0001-01-01"], "day"),
    (["2024-02-30"], "text"),
    (["2024-02-29", ""], "text"),
    (["2024-01-15", "237-99-51"], "text"),
    (["2024-01-15T09:30:00Z"], "text"),
    ([["a"], []], "any JSON value"),
    ([["a"], "a"], "any JSON value"),
    ([{"a": 1}], "any JSON value"),
    ([], "any JSON value"),
    (["a\0", "b"], "text"),
]


@pytest.mark.parametrize(("values", "kind"), KINDS, ids=repr)
def test_the_kind_is_one_that_every_value_has(values: list[Any], kind: str) -> None:
    assert Found(Evidence("field", values, len(values))).kind.name == kind


RULES: list[tuple[str, list[Any], list[str]]] = [
    ("gender", ["Male", "Female"] * 3, ["all 6 have it", 'one of "Female", "Male"']),
    ("bloodGroup", ["A", "B"] * 3, ["all 6 have it", 'one of "A", "B"']),
    ("doctor", ["Dr. Ada", "Dr. Bo"] * 3, ["all 6 have it", "never blank"]),
    ("status", ["a", "b", "c"], ["3 of 6 have it", "unique", "never blank"]),
    ("notes", ["", "x", "x"], ["3 of 6 have it"]),
    ("age", [3, 4, 4, 5, 6, 7], ["all 6 have it", "at least 0"]),
    ("balance", [-1, 1, 1], ["3 of 6 have it"]),
    ("score", [1, 2, "\0"], ["3 of 6 have it", "unique", "at least 0"]),
    ("day", ["2024-01-15"] * 6, ["all 6 have it"]),
    ("done", [True, False], ["2 of 6 have it"]),
    ("tags", [["a"], ["b"]], ["2 of 6 have it"]),
]


@pytest.mark.parametrize(("name", "values", "rules"), RULES, ids=[name for name, *_ in RULES])
def test_the_rules_are_those_that_every_record_meets(name: str, values: list[Any], rules: list[str]) -> None:
    assert Found(Evidence(name, values, 6)).rules == rules


FORMS: list[tuple[list[Any], Any]] = [
    (["2023-05-27T18:17:35.224Z"], "2024-01-15T09:30:00Z"),
    (["03/05/2023"], "15/01/2024"),
    (["17:15"], "09:30"),
    (["fay@example.org"], "someone@example.org"),
    (["07a96a8e-8a21-f2d2-0dc8-258460ad9f77"], "00000000-0000-4000-8000-000000000000"),
    (["98"], "123"),
    (["Ada"], "text"),
    ([["Ada"]], ["text"]),
    ([{"Ada": 1}], {"name": "text"}),
    ([["Ada"], "Ada"], "text"),
]


@pytest.mark.parametrize(("values", "example"), FORMS, ids=repr)
def test_an_example_has_the_form_and_is_no_value(values: list[Any], example: Any) -> None:
    assert Found(Evidence("field", values, len(values))).example == example


def test_values_are_counted_by_their_types() -> None:
    assert Found(Evidence("field", [1, "1", 2, [], True], 5)).types == "2 numbers, 1 text, 1 list, 1 truth"


_NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
_DAYS = st.dates().map(dt.date.isoformat)
_PLAIN = st.none() | st.booleans() | _NUMBERS | _TEXTS | _DAYS | _NUMBERS.map(str)
_VALUES = _PLAIN | st.lists(_PLAIN, max_size=2) | st.dictionaries(_TEXTS, _PLAIN, max_size=2)
_ALIKE = st.sampled_from([st.integers(-9, 9), _DAYS, st.booleans(), _TEXTS, _NUMBERS | _NUMBERS.map(str), _VALUES])


@given(_ALIKE.flatmap(lambda values: st.lists(values | st.none(), min_size=1, max_size=4)))
def test_what_is_declared_takes_every_record(values: list[Any]) -> None:
    records = [{"field": value} for value in values]
    declared = resource(of("visits", records))
    for record in records:
        assert set(check(record, declared, declared.create).columns) == {"field"}
