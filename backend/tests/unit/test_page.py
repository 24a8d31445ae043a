"""Page numbers, links, totals and the envelope."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialect import page
from app.dialect.page import Numbers
from app.dialect.query import Page, parse

URL = "http://host/patients"


@pytest.mark.parametrize(
    ("number", "total", "expected"),
    [
        (1, 0, (Numbers(1, 1), None, None)),
        (1, 10, (Numbers(1, 1), None, None)),
        (1, 11, (Numbers(1, 2), None, 2)),
        (2, 11, (Numbers(2, 2), 1, None)),
        (2, 30, (Numbers(2, 3), 1, 3)),
        (9, 11, (Numbers(2, 2), 1, None)),
    ],
)
def test_numbers(number: int, total: int, expected: tuple[Numbers, int | None, int | None]) -> None:
    found = page.numbers(Page(number, 10), total)
    assert (found, found.previous, found.next) == expected


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_pages_cover_the_list(number: int, size: int, total: int) -> None:
    found = page.numbers(Page(number, size), total)
    assert 1 <= found.current <= found.last
    assert (found.last - 1) * size < max(total, 1) <= found.last * size


ENVELOPES = [
    ("_page=2&_per_page=2", 5, {"first": 1, "prev": 1, "next": 3, "last": 3, "pages": 3, "items": 5, "data": ["row"]}),
    ("_page=1", 0, {"first": 1, "prev": None, "next": None, "last": 1, "pages": 1, "items": 0, "data": ["row"]}),
]


@pytest.mark.parametrize(("query", "total", "envelope"), ENVELOPES)
def test_the_envelope_of_1(query: str, total: int, envelope: dict[str, object]) -> None:
    body = json.loads(page.body(parse(query, "1", ()), b'["row"]', total))
    assert (body, list(body)) == (envelope, list(envelope))


@pytest.mark.parametrize(("query", "total"), [("", None), ("_page=x", None), ("_page=1&_limit=2", 5), ("_limit=2", 5)])
def test_other_answers_are_bare_arrays(query: str, total: int | None) -> None:
    assert page.body(parse(query, "1", ()), b"[1]", total) == b"[1]"


def links(query: str, total: int | None) -> dict[str, list[tuple[str, str]]]:
    header = page.headers(parse(query, "0.17", ()), total, URL).get("Link", "")
    parts = [part.split("; rel=") for part in header.split(", ") if part]
    assert all(target.startswith(f"<{URL}?") for target, _ in parts)
    return {
        name.strip('"'): parse_qsl(urlsplit(target[1:-1]).query, keep_blank_values=True, errors="surrogateescape")
        for target, name in parts
    }


def paged(number: int) -> list[tuple[str, str]]:
    return [("name", "Zoë & <Co>, Ltd"), ("_page", str(number)), ("_limit", "2")]


def test_links_keep_all_parameters() -> None:
    query = "name=Zo%C3%AB+%26+%3CCo%3E%2C+Ltd&_page=2&_limit=2"
    assert links(query, 9) == {"first": paged(1), "prev": paged(1), "next": paged(3), "last": paged(5)}


@pytest.mark.parametrize(
    ("query", "total", "names"),
    [
        ("_page=1&_limit=2", 9, ["first", "next", "last"]),
        ("_page=5&_limit=2", 9, ["first", "prev", "last"]),
        ("_page=6&_limit=2", 9, []),
        ("_page=1&_limit=9", 9, []),
        ("_page=1&_limit=9", 0, []),
        ("_limit=2", 9, []),
        ("_page=6&_per_page=2", 9, ["first", "prev", "last"]),
        ("", None, []),
    ],
)
def test_which_links_there_are(query: str, total: int | None, names: list[str]) -> None:
    assert list(links(query, total)) == names


def test_undecodable_parameters_come_back_as_they_came() -> None:
    header = page.headers(parse("a=%FF&_page=1&_limit=1", "1", ()), 2, URL)["Link"]
    assert header.startswith(f"<{URL}?a=%FF&_page=1&_limit=1>")


@pytest.mark.parametrize(("query", "total", "expected"), [("_limit=1", 7, "7"), ("_page=1", 0, "0"), ("", None, None)])
def test_the_total_is_told_of_pages_and_slices(query: str, total: int | None, expected: str | None) -> None:
    assert page.headers(parse(query, "1", ()), total, URL).get("X-Total-Count") == expected
