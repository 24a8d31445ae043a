"""Conditions -> tests on columns: what a client's values mean for each kind of column."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jsonserver.conditions import Condition, Either, Operator, UnsupportedQuery
from app.jsonserver.terms import ALWAYS, NEVER, SEPARATOR, AnyOf, Node, Term, filters, leaves
from app.jsonserver.values import INTEGER_MAX, INTEGER_MIN, KINDS
from app.limits import FILTERS, PATTERN_LENGTH, PATTERNS


def of(field: str, operator: Any, *values: Any, exact: bool = False) -> Node:
    nodes = filters([Condition(field, operator, values, exact)], "")
    return nodes[0] if nodes else ALWAYS


def term(form: str, column: str, *values: Any) -> Term:
    return Term(form, (column,), values)


DAY = dt.date(2024, 6, 1)
DECLARED: list[tuple[Node, Node]] = [
    (of("name", "eq", "A"), term("eq", "name", "A")),
    (of("name", "eq", "A", "B"), term("in", "name", ["A", "B"])),
    (of("name", "eq", "a\0", "\ud800"), NEVER),
    (of("name", "ne", "A", "a\0"), term("ne", "name", ["A"])),
    (of("name", "ne", "a\0"), ALWAYS),
    (of("patientID", "gte", "B", "A"), term("gte", "patient_id", "A")),
    (of("name", "lt", "A", "B"), term("lt", "name", "B")),
    (of("name", "lt", "\0"), NEVER),
    (of("name", "gte", 5.0, exact=True), NEVER),
    (of("age", "eq", "45"), term("eq", "age", 45)),
    (of("age", "eq", " 45.0 "), term("eq", "age", 45)),
    (of("age", "eq", "45.5"), NEVER),
    (of("age", "eq", "x", "1e400", "9" * 20), NEVER),
    (of("age", "ne", "x"), ALWAYS),
    (of("age", "eq", 45.0, exact=True), term("eq", "age", 45)),
    (of("age", "eq", "45", exact=True), NEVER),
    (of("age", "eq", True, exact=True), NEVER),
    (of("age", "gte", "44.5"), term("gte", "age", 45)),
    (of("age", "gt", "44.5"), term("gte", "age", 45)),
    (of("age", "gt", "45"), term("gte", "age", 46)),
    (of("age", "lte", "44.5"), term("lte", "age", 44)),
    (of("age", "lt", "44.5"), term("lte", "age", 44)),
    (of("age", "lt", "45"), term("lte", "age", 44)),
    (of("age", "gte", ""), term("gte", "age", 0)),
    (of("age", "gte", "x"), NEVER),
    (of("age", "gte", "1e400"), NEVER),
    (of("age", "lte", "1e400"), term("lte", "age", INTEGER_MAX)),
    (of("age", "gte", "-1e400"), term("gte", "age", INTEGER_MIN)),
    (of("age", "lte", "-1e400"), NEVER),
    (of("age", "gte", "50", "x", "40"), term("gte", "age", 40)),
    (of("age", "gte", "45", exact=True), term("gte", "age", 45)),
    (of("age", "gte", None, exact=True), term("gte", "age", 0)),
    (of("lastVisit", "eq", "2024-06-01"), term("eq", "last_visit", DAY)),
    (of("lastVisit", "eq", "20240601", "2024-6-1", "2024-02-30", "x"), NEVER),
    (of("lastVisit", "gte", "2024-06"), term("gte", "last_visit", DAY)),
    (of("lastVisit", "gt", "2024-05-31"), term("gte", "last_visit", DAY)),
    (of("lastVisit", "lt", "2024-06"), term("lt", "last_visit", DAY)),
    (of("lastVisit", "lte", "2024-05-31"), term("lt", "last_visit", DAY)),
    (of("lastVisit", "gte", "z"), NEVER),
    (of("lastVisit", "lte", "z"), ALWAYS),
    (of("lastVisit", "lt", ""), term("lt", "last_visit", dt.date.min)),
    (of("name", "contains", "5%_\\"), term("part", "name", r"%5\%\_\\%")),
    (of("name", "startsWith", "a", "b"), AnyOf(((term("part", "name", "a%"),), (term("part", "name", "b%"),)))),
    (of("name", "endsWith", 5.0, exact=True), term("part", "name", "%5")),
    (of("age", "contains", "4"), NEVER),
    (of("lastVisit", "contains", "-06-"), term("part", "last_visit", "%-06-%")),
    (of("age", "like", "^4"), term("like", "age", "^4")),
    (of("name", "like", "a", "\0"), term("like", "name", "a")),
    (of("name", "like", "(the"), term("like", "name", "***=(the")),
    (of("name", "scalar", exact=True), ALWAYS),
]


@pytest.mark.parametrize(("found", "expected"), DECLARED)
def test_declared_fields(found: Node, expected: Node) -> None:
    assert found == expected


PLACE = ("a.b", ["a", "b"])
UNDECLARED: list[tuple[Node, Node]] = [
    (of("a.b", "eq", "x", exact=True), Term("json_eq", (), (*PLACE, ['"x"']))),
    (
        of("a.b", "eq", 1.0, True, None, [1], {}, float("inf"), exact=True),
        Term("json_eq", (), (*PLACE, ["1.0", "true", "null"])),
    ),
    (of("a.b", "gt", 1.5, exact=True), Term("json_gt", (), (*PLACE, Decimal("1.5"), None))),
    (of("a.b", "gt", "1.5", exact=True), Term("json_gt", (), (*PLACE, Decimal("1.5"), "1.5"))),
    (of("a.b", "contains", "x%", exact=True), Term("json_contains", (), (*PLACE, r"%x\%%", "x%"))),
    (of("a.b", "startsWith", "x", exact=True), Term("json_part", (), (*PLACE, "x%"))),
    (of("a.b", "scalar", exact=True), Term("json_scalar", (), PLACE)),
    (of("a\0", "eq", "x", exact=True), NEVER),
    (of("a\0", "eq", "x"), ALWAYS),
]


@pytest.mark.parametrize(("found", "expected"), UNDECLARED)
def test_undeclared_fields(found: Node, expected: Node) -> None:
    assert found == expected


AS_TEXT: list[tuple[Operator, Term]] = [
    ("eq", Term("text_eq", (), (*PLACE, ['"1"', "1.0"], ["1"]))),
    ("ne", Term("text_ne", (), (*PLACE, ['"1"', "1.0"], ["1"]))),
    ("gte", Term("text_gte", (), (*PLACE, Decimal("1.0"), "1"))),
    ("like", Term("text_like", (), (*PLACE, "1"))),
]


@pytest.mark.parametrize(("operator", "expected"), AS_TEXT)
def test_0_17_compares_undeclared_fields_as_text(operator: Operator, expected: Term) -> None:
    [node] = filters([Condition("a.b", operator, ("1",), as_text=True)], "")
    assert node == AnyOf(((Term("unknown", (), PLACE),), (expected,)))


def test_a_field_that_no_record_has_is_no_filter() -> None:
    unknown, wanted = Term("unknown", (), PLACE), Term("json_eq", (), (*PLACE, ['"1"', "1.0"]))
    assert of("a.b", "eq", "1") == AnyOf(((unknown,), (wanted,)))


@pytest.mark.parametrize(
    ("text", "documents"), [("x", ['"x"']), ("true", ['"true"', "true"]), ("", ['""']), ("\0", [])]
)
def test_a_text_equals_whatever_it_reads_as(text: str, documents: list[str]) -> None:
    *_, found = leaves([of("ward", "eq", text)])
    assert found.values[-1] == documents


TEXTS = ("id", "patient_id", "name", "gender", "medical_condition")
SEARCHES: list[tuple[str, list[tuple[str, int]]]] = [
    ("anna", [("search", 5), ("search_strings", 0)]),
    ("45", [("search", 7), ("search_strings", 0), ("search_numbers", 0)]),
    ("06-", [("search", 6), ("search_strings", 0), ("search_numbers", 0)]),
    ("4.5", [("search", 5), ("search_strings", 0), ("search_numbers", 0)]),
    ("TRU", [("search", 5), ("search_strings", 0), ("search_true", 0)]),
    ('a"b', [("search", 5), ("search_values", 0)]),
    (", ", [("search", 5), ("search_values", 0)]),
    (SEPARATOR, [("search_each", 5), ("search_strings", 0)]),
]


@pytest.mark.parametrize(("text", "expected"), SEARCHES)
def test_a_search_looks_only_where_its_text_can_be(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(one.form, len(one.columns)) for one in leaves(filters([], text))] == expected


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_search_for_what_no_text_has_finds_nothing(text: str) -> None:
    assert filters([], text) == (NEVER,)


def test_too_many_filters_are_refused() -> None:
    few = [Condition("name", "eq", ("A",))] * FILTERS
    assert len(filters(few, "")) == FILTERS
    for conditions in ([*few, *few[:1]], [Either(((*few, *few[:1]),))]):
        with pytest.raises(UnsupportedQuery):
            filters(conditions, "")


@pytest.mark.parametrize("patterns", ["a" * (PATTERNS + 1), ["a", "a" * (PATTERN_LENGTH + 1)]])
@pytest.mark.parametrize("field", ["name", "age", "undeclared"])
def test_too_many_or_too_long_patterns_are_refused_on_any_field(field: str, patterns: Sequence[str]) -> None:
    with pytest.raises(UnsupportedQuery, match=str(PATTERNS if len(patterns) > PATTERNS else PATTERN_LENGTH)):
        of(field, "like", *patterns)


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), st.text() | st.dates().map(str), st.dates())
def test_a_bound_on_days_is_a_bound_on_their_text(operator: str, bound: str, day: dt.date) -> None:
    text = day.isoformat()
    by_text = {"gt": text > bound, "gte": text >= bound, "lt": text < bound, "lte": text <= bound}[operator]
    found = KINDS[dt.date].bound(operator, [bound])
    if isinstance(found, bool):
        assert found == by_text or "\0" in bound
    else:
        assert {"gte": day >= found[1], "lt": day < found[1]}[found[0]] == by_text


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), st.floats(allow_nan=False), st.integers(INTEGER_MIN, INTEGER_MAX))
def test_a_bound_on_whole_numbers_is_the_same_bound(operator: str, bound: float, value: int) -> None:
    by_value = {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[operator]
    found = KINDS[int].bound(operator, [bound])
    if isinstance(found, bool):
        assert found == by_value
    else:
        assert {"gte": value >= found[1], "lte": value <= found[1]}[found[0]] == by_value
