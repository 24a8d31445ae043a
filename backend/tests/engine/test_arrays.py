"""POST of an array: every record is stored, in its order, or none; what is wrong is named by place and field."""

from typing import Any

import httpx2
import psycopg
import pytest

from app.api.field_rules import example
from tests.engine.declared import CASES

BODY = {"reason": "a cough"}


async def count(engine: httpx2.AsyncClient, path: str = "visits") -> int:
    return len((await engine.get(f"/{path}")).json())


async def test_all_are_stored_in_their_order(engine: httpx2.AsyncClient) -> None:
    sent = [BODY | {"reason": str(place)} for place in range(50)]
    answer = await engine.post("/visits", json=sent)
    assert (answer.status_code, "location" in answer.headers) == (201, False)
    assert answer.json() == (await engine.get("/visits")).json()
    assert answer.json() == [{"id": place, **one} for place, one in enumerate(sent, 1)]
    cases = [example(CASES) | {"caseNumber": f"C{place}"} for place in range(3)]
    made = (await engine.post("/cases", json=cases)).json()
    assert made == (await engine.get("/cases")).json()
    assert [one["caseNumber"] for one in made] == ["C0", "C1", "C2"]


@pytest.mark.parametrize(
    ("sent", "status", "named"),
    [
        ([BODY, {"reason": 4}, {}], 400, ["[1].reason", "[2].reason"]),
        ([BODY, "x", None], 400, ["[1]", "[2]"]),
        ([BODY, {"id": 5, **BODY}], 409, ["[1].id"]),
        ([{"id": 6, **BODY}, BODY, {"id": 6, **BODY}], 409, ["[2].id"]),
        ([{"ticket": "T1", **BODY}], 409, ["[0].ticket"]),
        ([BODY, {"ticket": "T1", **BODY}], 409, ["[1].ticket"]),
        ([{"ticket": "T2", **BODY}, {"ticket": None, **BODY}, {"ticket": "T2", **BODY}], 409, ["[2].ticket"]),
    ],
)
async def test_none_is_stored_if_one_is_wrong(
    engine: httpx2.AsyncClient, sent: list[Any], status: int, named: list[str]
) -> None:
    assert (await engine.post("/visits", json={"id": 5, "ticket": "T1", **BODY})).status_code == 201
    refused = await engine.post("/visits", json=sent)
    assert (refused.status_code, list(refused.json()["errors"])) == (status, named)
    assert await count(engine) == 1


async def test_one_of_them_may_have_the_number_that_would_be_next(engine: httpx2.AsyncClient) -> None:
    answer = await engine.post("/visits", json=[BODY, {"id": 1, **BODY}, BODY])
    assert answer.status_code == 201
    keys = [one["id"] for one in answer.json()]
    assert (keys[1], len(set(keys))) == (1, 3)


async def test_they_may_have_all_the_numbers_that_would_be_next(engine: httpx2.AsyncClient) -> None:
    sent = [*({"id": number, **BODY} for number in range(1, 9)), BODY]
    answer = await engine.post("/visits", json=sent)
    assert [one["id"] for one in answer.json()] == list(range(1, 10))


async def test_what_only_the_database_keeps_apart_has_no_place(
    engine: httpx2.AsyncClient, table: psycopg.Connection[Any]
) -> None:
    table.execute("CREATE UNIQUE INDEX visits_ward_ux ON visits ((extra ->> 'ward'))")
    try:
        refused = await engine.post("/visits", json=[BODY, {"ward": "A", **BODY}, {"ward": "A", **BODY}])
    finally:
        table.execute("DROP INDEX visits_ward_ux")
    assert (refused.status_code, "errors" in refused.json()) == (409, False)
    assert refused.json()["detail"] == "A value is already used by another visit."
    assert await count(engine) == 0


async def test_neither_a_put_nor_a_patch_takes_an_array(engine: httpx2.AsyncClient) -> None:
    await engine.post("/visits", json=BODY)
    for method in ("PUT", "PATCH"):
        refused = await engine.request(method, "/visits/1", json=[BODY])
        assert (refused.status_code, refused.json()["detail"]) == (400, "The body must be a JSON object: {…}.")
