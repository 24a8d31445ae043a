"""An undeclared field that no record has is no filter and no sort key; from the first that has it on, it is both."""

from typing import Any

import httpx2
import psycopg
import pytest

from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.query import parse
from app.limits import FILTERS, PATTERN_LENGTH, SEEN
from tests.engine.pets import PETS, pet

# Query -> the names while no record has such a field, and from when Bo has one.
QUERIES = {
    "ward=B": ("Zoë Anna Bo", "Bo"),
    "ward_ne=B": ("Zoë Anna Bo", ""),
    "deep.ward=B&_page=1": ("Zoë Anna Bo", "Bo"),
    "_sort=ward": ("Zoë Anna Bo", "Bo Zoë Anna"),
    "_sort=never,ward,name": ("Anna Bo Zoë", "Bo Anna Zoë"),
    "name=Bo&ward=A&never=1": ("Bo", ""),
    '_where={"ward":{"eq":"B"}}': ("", "Bo"),
    "ward=A&ward=B&_start=0": ("Zoë Anna Bo", "Bo"),
}


@pytest.mark.parametrize("query", QUERIES)
async def test_a_field_means_something_while_a_record_has_it(client: httpx2.AsyncClient, query: str) -> None:
    before, after = QUERIES[query]
    records = [await _post(client, number, name) for number, name in enumerate(("Zoë", "Anna", "Bo"))]
    assert await _names(client, query) == before
    path = f"/pets/{records[-1]['id']}"
    (await client.patch(path, json={"ward": "B", "deep": {"ward": "B"}})).raise_for_status()
    assert [await _names(client, query) for _ in range(2)] == [after, after]
    (await client.put(path, json=pet(2, name="Bo"))).raise_for_status()
    assert await _names(client, query) == before


@pytest.mark.parametrize(
    "query", ["&".join(f"never{place}=1" for place in range(FILTERS + 1)), f"never_like={'x' * (PATTERN_LENGTH + 1)}"]
)
async def test_what_is_refused_does_not_depend_on_what_records_have(client: httpx2.AsyncClient, query: str) -> None:
    assert (await client.get(f"/pets?{query}")).status_code == 400
    await _post(client, 1, "Zoë", never="1")
    assert (await client.get(f"/pets?{query}")).status_code == 400


async def test_a_page_by_fields_that_no_record_has_is_sorted_by_no_more_than_its_place(
    table: psycopg.Connection[Any],
) -> None:
    lists = Lists(PETS, Collations(*table.execute(DETECT.sql.encode()).fetchone() or ()))
    query = parse("_sort=never,ever&never=1&_page=1", "0.17", PETS.fields)
    plans = [
        table.execute(f"EXPLAIN {sql}".encode(), values).fetchall()
        for sql, values in (lists.rows(query), lists.aware(["never", "ever"]).rows(query))
    ]
    shown = ["\n".join(line for (line,) in plan) for plan in plans]
    assert ["jsonb_typeof" in plan for plan in shown] == [False, True]


def test_no_more_names_are_remembered_than_so_many() -> None:
    lists = Lists(PETS, Collations(None, "C"))
    query = parse("first=1&last=1", "0.17", PETS.fields)
    full = lists.aware(["first", *map(str, range(SEEN))])
    assert full.rows(query) == lists.aware(["first"]).rows(query)
    assert full.aware(["last"]).rows(query) == lists.aware(["last"]).rows(query)


async def _post(client: httpx2.AsyncClient, number: int, name: str, **more: Any) -> dict[str, Any]:
    answer = (await client.post("/pets", json=pet(number, name=name, **more))).raise_for_status()
    record: dict[str, Any] = answer.json()
    return record


async def _names(client: httpx2.AsyncClient, query: str) -> str:
    return " ".join(one["name"] for one in (await client.get(f"/pets?{query}")).raise_for_status().json())
