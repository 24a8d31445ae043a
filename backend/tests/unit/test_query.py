"""Query strings -> what the client said, in each dialect."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialect.conditions import Condition, Either, UnsupportedQuery
from app.dialect.query import DEFAULT_SIZE, Dialect, ListQuery, Page, Slice, SortKey, parse
from app.limits import PARAMETERS, SORT_KEYS, WHERE_DEPTH

DECLARED = ("id", "name", "age")


def read(query: str | bytes, dialect: Dialect = "1") -> ListQuery:
    return parse(query, dialect, DECLARED)


CONDITIONS = [
    ("", []),
    ("&&", []),
    ("name=Anna", [Condition("name", "eq", ("Anna",))]),
    ("name=A&name=B", [Condition("name", "eq", ("A", "B"))]),
    ("name[]=A&name[0]=B", [Condition("name", "eq", ("A", "B"))]),
    ("_filter[age_gte]=5&_filter[name]=A", [Condition("age", "gte", ("5",)), Condition("name", "eq", ("A",))]),
    ("_filter[age:gt][]=5", [Condition("age", "gt", ("5",))]),
    ("name=A&age=5", [Condition("name", "eq", ("A",)), Condition("age", "eq", ("5",))]),
    ("n%61me=An%6Ea+B", [Condition("name", "eq", ("Anna B",))]),
    ("age_gte=5&age_lte=9", [Condition("age", "gte", ("5",)), Condition("age", "lte", ("9",))]),
    ("age_gt=5", [Condition("age", "gt", ("5",))]),
    ("age:gt=5", [Condition("age", "gt", ("5",))]),
    ("name_ne=A&name_ne=B", [Condition("name", "ne", ("A", "B"))]),
    ("name_startsWith=A", [Condition("name", "startsWith", ("A",))]),
    ("id:in=1, 2 ,3", [Condition("id", "eq", ("1", "2", "3"))]),
    ("id_in=1,2", [Condition("id", "eq", ("1", "2"))]),
    ("id=1&id:in=2,3", [Condition("id", "eq", ("1",)), Condition("id", "eq", ("2", "3"))]),
    # An undeclared field may be called checked_in, but not checked_gte: 0.17 has that operator behind every name.
    ("checked_in=1", [Condition("checked_in", "eq", ("1",))]),
    ("checked_gte=1", [Condition("checked", "gte", ("1",))]),
    ("checked:in=1", [Condition("checked", "eq", ("1",))]),
    ("address.city=Oslo", [Condition("address.city", "eq", ("Oslo",))]),
    ("_id=A", [Condition("_id", "eq", ("A",))]),
    ("_id_ne=A&__v_gte=1", [Condition("_id", "ne", ("A",)), Condition("__v", "gte", ("1",))]),
    # Ignored: unknown operators behind a colon, the parameters themselves, and no name at all.
    ("name:like=A&name:Eq=A&name:=A", []),
    ("_=1&_embed=x&_delay=9&=5", []),
]


@pytest.mark.parametrize(("query", "conditions"), CONDITIONS)
def test_filters(query: str, conditions: list[Condition]) -> None:
    assert list(read(query).conditions) == conditions


EMPTY = [
    ("name=", "1", []),
    ("name", "1", []),
    ("age_lte=", "1", []),
    ("name=&name=A", "1", [Condition("name", "eq", ("A",))]),
    ("name:eq=", "1", [Condition("name", "eq", ("",))]),
    ("name=", "0.17", [Condition("name", "eq", ("",), as_text=True)]),
    ("name=&_limit=5", "1", [Condition("name", "eq", ("",), as_text=True)]),
]


@pytest.mark.parametrize(("query", "dialect", "conditions"), EMPTY)
def test_an_empty_value_is_no_filter_in_1(query: str, dialect: Dialect, conditions: list[Condition]) -> None:
    assert list(read(query, dialect).conditions) == conditions


MARKS: list[tuple[str, Dialect | None]] = [
    ("name=A&age_gte=5&_sort=name&_page=2", None),
    *((f"{mark}=1", "0.17") for mark in ("_limit", "_start", "_end", "_order", "q", "name_like", "other_like")),
    *((f"{mark}=1", "1") for mark in ("_per_page", "_where", "name:eq", "other:eq", "age_gt", "age_in")),
    ("_sort=-name", "1"),
    ("_sort=age,-name", "1"),
    ("_limit=", "0.17"),
    ("other_gt=1", None),
    ("name:like=1", None),
    ("_limit=5&_per_page=5", "0.17"),
    ("_page=2&_per_page=5&_limit=5&q=x", "1"),
    ("_page=&_per_page=5&q=x", "0.17"),
]


@pytest.mark.parametrize("setting", ["1", "0.17"])
@pytest.mark.parametrize(("query", "spoken"), MARKS)
def test_marks_choose_the_dialect_and_the_setting_the_rest(
    query: str, spoken: Dialect | None, setting: Dialect
) -> None:
    assert read(query, setting).dialect == (spoken or setting)


SORTS = [
    ("_sort=name", [SortKey("name")]),
    ("_sort=-name,age", [SortKey("name", True), SortKey("age")]),
    ("_sort=name,age&_order=desc", [SortKey("name", True), SortKey("age")]),
    ("_sort=name,age&_order=ASC,DESC", [SortKey("name"), SortKey("age", True)]),
    ("_sort=-name&_order=desc", [SortKey("name", True)]),
    ("_sort=name,-name", [SortKey("name")]),
    ("_sort=name&_sort=age", [SortKey("name")]),
    ("_sort=,name,", [SortKey("name")]),
    ("_sort=-&_order=desc", []),
    ("_order=desc", []),
]


@pytest.mark.parametrize(("query", "keys"), SORTS)
def test_sort(query: str, keys: list[SortKey]) -> None:
    assert list(read(query).sort) == keys


WINDOWS: list[tuple[str, Dialect, Page | Slice | None]] = [
    ("", "1", None),
    ("_page=2", "1", Page(2)),
    ("_page=2", "0.17", Page(2)),
    ("_page=2&_per_page=5", "0.17", Page(2, 5)),
    ("_page=2&_limit=5", "1", Page(2, 5)),
    ("_page=2.7&_per_page=3x", "1", Page(2, 3)),
    ("_page=x", "1", None),
    ("_page=x", "0.17", Page(1)),
    ("_page=", "1", None),
    ("_page=0&_per_page=5", "1", Page(1, 5)),
    ("_page=-3", "1", Page(1)),
    *((f"_page=1&_per_page={size}", "1", Page(1, DEFAULT_SIZE)) for size in ("", "0", "-5", "x")),
    *((f"_page=1&_limit={size}", "1", Page(1, DEFAULT_SIZE)) for size in ("", "0", "-5", "x")),
    ("_per_page=5", "1", None),
    ("_start=2&_end=5", "1", Slice(2, 5)),
    ("_start=2&_limit=5", "1", Slice(2, 7)),
    ("_start=2&_end=5&_limit=9", "1", Slice(2, 5)),
    ("_end=5", "1", Slice(0, 5)),
    ("_limit=5", "1", Slice(0, 5)),
    ("_limit=0", "1", Slice(0, 0)),
    ("_start=5", "1", None),
    ("_limit=", "1", None),
    ("_start=x&_end=x", "1", Slice(0, 0)),
    ("_start=-5&_end=-2", "1", Slice(-5, -2)),
    ("_page=1&_start=5&_end=9", "1", Page(1)),
]


@pytest.mark.parametrize(("query", "dialect", "window"), WINDOWS)
def test_pages_and_slices(query: str, dialect: Dialect, window: Page | Slice | None) -> None:
    assert read(query, dialect).window == window


def exact(field: str, operator: Any, *values: Any) -> Condition:
    return Condition(field, operator, values, exact=True)


NOWHERE = Either(())
WHERES: list[tuple[Any, list[Condition | Either]]] = [
    ({"age": {"gte": 45}}, [exact("age", "gte", 45.0)]),
    ({"age": {"gt": 1, "lt": 9}}, [exact("age", "gt", 1), exact("age", "lt", 9)]),
    ({"age": {"gt": 1}, "id": {"ne": ""}}, [exact("age", "gt", 1), exact("id", "ne", "")]),
    ({"id": {"in": ["1", 2]}}, [exact("id", "eq", "1", 2)]),
    ({"id": {"in": "1"}}, [exact("id", "eq", "1")]),
    ({"age": 45}, [NOWHERE]),
    ({"age": {}}, [Either(((exact("age", "scalar"),), ()))]),
    ({"a": {"b": {"eq": 1}}}, [Either(((exact("a", "scalar"),), (exact("a.b", "eq", 1),)))]),
    ({"or": [{"age": {"eq": 1}}, {}]}, [Either(((exact("age", "eq", 1),), ()))]),
    ({"or": []}, [NOWHERE]),
    ({"or": 5}, [NOWHERE]),
    ({"or": [5]}, [NOWHERE]),
    ({}, []),
]  # fmt: skip


@pytest.mark.parametrize(("document", "conditions"), WHERES)
def test_where_replaces_other_filters(document: Any, conditions: list[Condition | Either]) -> None:
    assert list(read(f"name=ignored&_where={quote_plus(json.dumps(document))}").conditions) == conditions


@pytest.mark.parametrize("text", ["", "5", "null", "[]", "nonsense", '{"age": NaN}', "{" * 100_000])
def test_a_where_that_is_no_object_is_ignored(text: str) -> None:
    assert read(f"name=A&_where={quote_plus(text)}").conditions == (Condition("name", "eq", ("A",)),)


@pytest.mark.parametrize("link", ['{{"or": [{}]}}', '{{"a": {}}}'])
def test_a_deep_where_is_refused(link: str) -> None:
    document = "{}"
    for _ in range(WHERE_DEPTH):
        document = link.format(document)
    with pytest.raises(UnsupportedQuery):
        read(f"_where={quote_plus(document)}")


MANY: list[tuple[str, str]] = [
    ("&".join(["id=1"] * PARAMETERS), "&id=1"),
    ("age:in=" + ",".join(["1"] * PARAMETERS), ",1"),
    ("_sort=name,name," + ",".join(f"u{number}" for number in range(SORT_KEYS - 1)), ",more"),
    ('_where={"a":{"in":[' + ",".join(["1"] * (PARAMETERS - 4)), ",1,1"),
]


@pytest.mark.parametrize(("most", "one_more"), MANY, ids=["parameters", "values", "sort keys", "_where"])
def test_as_many_as_allowed_are_taken_and_no_more(most: str, one_more: str) -> None:
    end = "]}}" if "{" in most else ""
    assert read(most + end)
    with pytest.raises(UnsupportedQuery, match="more than"):
        read(most + one_more + end)


def test_the_first_search_counts() -> None:
    assert read("q=a+b&q=c").search == "a b"


@pytest.mark.parametrize("query", ["name=%E0%A4%A", b"name=\xff", "name=%ED%A0%80"])
def test_undecodable_bytes_become_what_no_text_has(query: str | bytes) -> None:
    (condition,) = read(query).conditions
    assert isinstance(condition, Condition)
    assert any("\ud800" <= character <= "\udfff" for character in condition.values[0])


def test_raw_and_encoded_text_are_the_same() -> None:
    assert read("name=Zoë".encode()).conditions == read("name=Zo%C3%AB").conditions


@given(st.binary() | st.text(), st.sampled_from(["1", "0.17"]))
def test_no_query_string_is_an_error(query: bytes | str, dialect: Dialect) -> None:
    assert read(query, dialect).dialect in ("1", "0.17")


@given(st.lists(st.tuples(st.sampled_from(["name", "age_gte", "_page", "q", "_sort"]), st.text()), max_size=9))
def test_parameters_keep_order_and_text(pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{key}={quote_plus(value, errors='surrogatepass')}" for key, value in pairs)
    assert len(read(query).parameters) == len(pairs)
