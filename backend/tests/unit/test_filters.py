"""Conditions -> SQL and its values: what a client's values mean for each kind of field."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialect import filters
from app.dialect.conditions import Condition, Either, Operator, UnsupportedQuery
from app.dialect.search import SEPARATOR
from app.limits import FILTERS, PATTERN_LENGTH, PATTERNS
from app.resource import kinds
from app.resource.kinds import WHOLE_MAX, WHOLE_MIN
from app.sql import ALWAYS, NEVER, Part
from tests.engine.pets import PETS

FOLD = "folding"


def of(field: str, operator: Any, *values: Any, exact: bool = False) -> Part:
    return filters.found(PETS, [Condition(field, operator, values, exact)], "", FOLD)


def column(name: str, operator: str, type_: str, value: Any) -> Part:
    return Part(f"pets.{name} {operator} %s::{type_}", (value,))


def part(text: str, *patterns: str) -> Part:
    tests = [f"lower(({text}) COLLATE folding) LIKE lower((%s::text) COLLATE folding)"] * len(patterns)
    return Part(tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})", patterns)


JUNE = dt.date(2024, 6, 1)
ISO = "to_char(pets.last_seen, 'YYYY-MM-DD')"
DECLARED: list[tuple[Part, Part]] = [
    (of("name", "eq", "A"), column("name", "=", "text", "A")),
    (of("name", "eq", "A", "B"), Part("pets.name = ANY(%s::text[])", (["A", "B"],))),
    (of("name", "eq", "a\0", "\ud800"), NEVER),
    (of("name", "ne", "A", "a\0"), Part("pets.name <> ALL(%s::text[])", (["A"],))),
    (of("name", "ne", "a\0"), ALWAYS),
    (of("tagNumber", "gte", "B", "A"), column("tag_number", ">=", "text", "A")),
    (of("name", "lt", "A", "B"), column("name", "<", "text", "B")),
    (of("name", "lt", "\0"), NEVER),
    (of("name", "gte", 5.0, exact=True), NEVER),
    (of("age", "eq", "45"), column("age", "=", "bigint", 45)),
    (of("age", "eq", " 45.0 "), column("age", "=", "bigint", 45)),
    (of("age", "eq", "45.5"), NEVER),
    (of("age", "eq", "x", "1e400", "9" * 20), NEVER),
    (of("age", "ne", "x"), ALWAYS),
    (of("age", "eq", 45.0, exact=True), column("age", "=", "bigint", 45)),
    (of("age", "eq", "45", exact=True), NEVER),
    (of("age", "eq", True, exact=True), NEVER),
    (of("age", "gte", "44.5"), column("age", ">=", "bigint", 45)),
    (of("age", "gt", "44.5"), column("age", ">=", "bigint", 45)),
    (of("age", "gt", "45"), column("age", ">=", "bigint", 46)),
    (of("age", "lte", "44.5"), column("age", "<=", "bigint", 44)),
    (of("age", "lt", "44.5"), column("age", "<=", "bigint", 44)),
    (of("age", "lt", "45"), column("age", "<=", "bigint", 44)),
    (of("age", "gte", ""), column("age", ">=", "bigint", 0)),
    (of("age", "gte", "x"), NEVER),
    (of("age", "gte", "1e400"), NEVER),
    (of("age", "lte", "1e400"), column("age", "<=", "bigint", WHOLE_MAX)),
    (of("age", "gte", "-1e400"), column("age", ">=", "bigint", WHOLE_MIN)),
    (of("age", "lte", "-1e400"), NEVER),
    (of("age", "gte", "50", "x", "40"), column("age", ">=", "bigint", 40)),
    (of("age", "gte", "45", exact=True), column("age", ">=", "bigint", 45)),
    (of("age", "gte", None, exact=True), column("age", ">=", "bigint", 0)),
    (of("lastSeen", "eq", "2024-06-01"), column("last_seen", "=", "date", JUNE)),
    (of("lastSeen", "eq", "20240601", "2024-6-1", "2024-02-30", "x"), NEVER),
    (of("lastSeen", "gte", "2024-06"), column("last_seen", ">=", "date", JUNE)),
    (of("lastSeen", "gt", "2024-05-31"), column("last_seen", ">=", "date", JUNE)),
    (of("lastSeen", "lt", "2024-06"), column("last_seen", "<", "date", JUNE)),
    (of("lastSeen", "lte", "2024-05-31"), column("last_seen", "<", "date", JUNE)),
    (of("lastSeen", "gte", "z"), NEVER),
    (of("lastSeen", "lte", "z"), ALWAYS),
    (of("lastSeen", "lt", ""), column("last_seen", "<", "date", dt.date.min)),
    (of("name", "contains", "5%_\\"), part("pets.name", r"%5\%\_\\%")),
    (of("name", "startsWith", "a", "b"), part("pets.name", "a%", "b%")),
    (of("name", "endsWith", 5.0, exact=True), part("pets.name", "%5")),
    (of("age", "contains", "4"), NEVER),
    (of("lastSeen", "contains", "-06-"), part(ISO, "%-06-%")),
    (of("age", "like", "^4"), Part("(pets.age::text) COLLATE folding ~* %s::text", ("^4",))),
    (of("name", "like", "a", "\0"), Part("(pets.name) COLLATE folding ~* %s::text", ("a",))),
    (of("name", "like", "(the"), Part("(pets.name) COLLATE folding ~* %s::text", ("***=(the",))),
    (of("name", "scalar", exact=True), ALWAYS),
]


@pytest.mark.parametrize(("found", "expected"), DECLARED)
def test_declared_fields(found: Part, expected: Part) -> None:
    assert found == expected


FIELD = "coalesce(pets.extra -> %s::text, pets.extra #> %s::text[])"
PLACE = ("a.b", ["a", "b"])
BOUND = (
    f"CASE jsonb_typeof({FIELD}) WHEN 'number' THEN ({FIELD})::numeric > %s::numeric"
    f" WHEN 'string' THEN ({FIELD} #>> '{{}}') COLLATE \"C\" > %s::text END"
)
STRING = f"CASE jsonb_typeof({FIELD}) WHEN 'string' THEN ({FIELD} #>> '{{}}') END"

STRING_ITSELF = f"({FIELD} #>> '{{}}')"
HAS = (
    f"CASE jsonb_typeof({FIELD}) WHEN 'string' THEN {part(STRING_ITSELF, '').sql}"
    f" WHEN 'array' THEN EXISTS (SELECT 1 FROM jsonb_array_elements({FIELD}) AS element$"
    " WHERE lower(((element$ #>> '{}')) COLLATE folding) = lower((%s::text) COLLATE folding)) END"
)


def equal(*documents: str) -> Part:
    return Part(f"{FIELD} = ANY(%s::text[]::jsonb[])", (*PLACE, list(documents)))


UNDECLARED: list[tuple[Part, Part]] = [
    (of("a.b", "eq", "x", exact=True), equal('"x"')),
    (of("a.b", "eq", 1.0, True, None, [1], {}, float("inf"), exact=True), equal("1.0", "true", "null")),
    (of("a.b", "gt", 1.5, exact=True), Part(BOUND, (*PLACE, *PLACE, Decimal("1.5"), *PLACE, None))),
    (of("a.b", "gt", "1.5", exact=True), Part(BOUND, (*PLACE, *PLACE, Decimal("1.5"), *PLACE, "1.5"))),
    (of("a.b", "contains", "x%", exact=True), Part(HAS, (*PLACE, *PLACE, r"%x\%%", *PLACE, "x%"))),
    (of("a.b", "startsWith", "x", exact=True), Part(part(STRING, "x%").sql, (*PLACE, *PLACE, "x%"))),
    (of("a.b", "scalar", exact=True), Part(f"jsonb_typeof({FIELD}) IS DISTINCT FROM 'object'", PLACE)),
    (of("a\0", "eq", "x", exact=True), NEVER),
    (of("a\0", "eq", "x"), ALWAYS),
]


@pytest.mark.parametrize(("found", "expected"), UNDECLARED)
def test_undeclared_fields(found: Part, expected: Part) -> None:
    assert found == expected


def test_a_field_that_no_record_has_is_no_filter() -> None:
    wanted = equal('"1"', "1.0")
    known = "(SELECT %s = ANY(names$) FROM known$)"
    assert of("a.b", "eq", "1") == Part(f"(NOT {known} OR {wanted.sql})", ("a.b", *wanted.values))


AS_TEXT: list[tuple[Operator, str]] = [
    ("eq", "= ANY(%s::text[])"),
    ("ne", "<> ALL(%s::text[])"),
    ("gte", 'COLLATE "C" >= %s::text'),
    ("like", "COLLATE folding ~* %s::text"),
]


@pytest.mark.parametrize(("operator", "test"), AS_TEXT)
def test_0_17_compares_undeclared_arrays_and_objects_as_text(operator: Operator, test: str) -> None:
    found = filters.found(PETS, [Condition("a.b", operator, ("1",), as_text=True)], "", FOLD)
    assert test in found.sql
    assert "[object Object]" in found.sql


@pytest.mark.parametrize(
    ("text", "documents"), [("x", ['"x"']), ("true", ['"true"', "true"]), ("", ['""']), ("\0", [])]
)
def test_a_text_equals_whatever_it_reads_as(text: str, documents: list[str]) -> None:
    assert of("ward", "eq", text).values[-1] == documents


TEXTS = {"id", "tag_number", "name", "sex", "main_food"}
STRINGS, NUMBERS, TRUE, VALUES = '== "string"', '== "number"', "== true", "AS value"
SEARCHES: list[tuple[str, set[str], set[str]]] = [
    ("anna", TEXTS, {STRINGS}),
    ("45", TEXTS | {"age", "last_seen"}, {STRINGS, NUMBERS}),
    ("06-", TEXTS | {"age", "last_seen"}, {STRINGS, NUMBERS}),
    ("4.5", TEXTS, {STRINGS, NUMBERS}),
    ("TRU", TEXTS, {STRINGS, TRUE}),
    ('a"b', TEXTS, {VALUES}),
    (", ", TEXTS, {VALUES}),
    (SEPARATOR, TEXTS, {STRINGS}),
]


@pytest.mark.parametrize(("text", "columns", "documents"), SEARCHES)
def test_a_search_looks_only_where_its_text_can_be(text: str, columns: set[str], documents: set[str]) -> None:
    sql = filters.found(PETS, [], text, FOLD).sql
    assert {field.column for field in PETS.fields.values() if field.sql in sql} == columns
    assert {one for one in (STRINGS, NUMBERS, TRUE, VALUES) if one in sql} == documents


@pytest.mark.parametrize(("text", "tests"), [("anna", 2), (SEPARATOR, 6)])
def test_a_search_folds_case_once_unless_its_text_could_span_two_fields(text: str, tests: int) -> None:
    assert filters.found(PETS, [], text, FOLD).sql.count("LIKE") == tests


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_search_for_what_no_text_has_finds_nothing(text: str) -> None:
    assert filters.found(PETS, [], text, FOLD) == NEVER


def test_too_many_filters_are_refused() -> None:
    few = [Condition("name", "eq", ("A",))] * FILTERS
    assert len(filters.found(PETS, few, "", FOLD).values) == FILTERS
    for conditions in ([*few, *few[:1]], [Either(((*few, *few[:1]),))]):
        with pytest.raises(UnsupportedQuery):
            filters.found(PETS, conditions, "", FOLD)


@pytest.mark.parametrize("patterns", ["a" * (PATTERNS + 1), ["a", "a" * (PATTERN_LENGTH + 1)]])
@pytest.mark.parametrize("field", ["name", "age", "undeclared"])
def test_too_many_or_too_long_patterns_are_refused_on_any_field(field: str, patterns: Sequence[str]) -> None:
    with pytest.raises(UnsupportedQuery, match=str(PATTERNS if len(patterns) > PATTERNS else PATTERN_LENGTH)):
        of(field, "like", *patterns)


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), st.text() | st.dates().map(str), st.dates())
def test_a_bound_on_days_is_a_bound_on_their_text(operator: str, bound: str, day: dt.date) -> None:
    text = day.isoformat()
    by_text = {"gt": text > bound, "gte": text >= bound, "lt": text < bound, "lte": text <= bound}[operator]
    found = kinds.day_bound(operator, [bound])
    if isinstance(found, bool):
        assert found == by_text or "\0" in bound
    else:
        assert {"gte": day >= found[1], "lt": day < found[1]}[found[0]] == by_text


@given(st.sampled_from(["gt", "gte", "lt", "lte"]), st.floats(allow_nan=False), st.integers(WHOLE_MIN, WHOLE_MAX))
def test_a_bound_on_whole_numbers_is_the_same_bound(operator: str, bound: float, value: int) -> None:
    by_value = {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[operator]
    found = kinds.whole_bound(operator, [bound])
    if isinstance(found, bool):
        assert found == by_value
    else:
        assert {"gte": value >= found[1], "lte": value <= found[1]}[found[0]] == by_value
