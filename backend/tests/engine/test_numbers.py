"""Ids that are numbers: counted on as json-server 0.17 does, by as many writers as there are."""

import asyncio
from typing import Any

import httpx2
import psycopg
import pytest

from tests.engine.declared import VISITS
from tests.engine.served import served

BODY = {"reason": "a cough"}


async def ids(engine: httpx2.AsyncClient) -> list[int]:
    return [one["id"] for one in (await engine.get("/visits")).json()]


async def post(engine: httpx2.AsyncClient, **more: Any) -> Any:
    answer = await engine.post("/visits", json=BODY | more)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/visits/{answer.json()['id']}"
    return answer.json()["id"]


async def test_the_next_is_one_above_the_highest_that_ever_was(engine: httpx2.AsyncClient) -> None:
    assert [await post(engine), await post(engine), await post(engine, id=10), await post(engine)] == [1, 2, 10, 11]
    assert (await engine.delete("/visits/11")).status_code == 200
    assert [await post(engine, id="7"), await post(engine, id=0), await post(engine, id=-3)] == [7, 12, -3]
    assert await ids(engine) == [1, 2, 10, 7, 12, -3]


async def test_many_writers_count_without_a_gap(engine: httpx2.AsyncClient) -> None:
    made = await asyncio.gather(*(post(engine) for _ in range(200)))
    assert sorted(made) == sorted(await ids(engine)) == list(range(1, 201))
    given = await asyncio.gather(*(post(engine, **({"id": 300 + n} if n % 2 else {})) for n in range(100)))
    assert len(set(given)) == 100
    assert await post(engine) == max(given) + 1


async def test_a_number_that_somebody_gave_by_hand_is_stepped_over(
    engine: httpx2.AsyncClient, declared_database: str
) -> None:
    assert await post(engine) == 1
    with psycopg.connect(declared_database, autocommit=True) as connection:
        connection.execute("INSERT INTO visits (id, reason) VALUES (2, 'by hand'), (3, 'by hand')")
    assert [await post(engine), await post(engine)] == [4, 5]


async def test_a_number_that_is_taken_is_refused_and_counts_nothing(engine: httpx2.AsyncClient) -> None:
    assert await post(engine) == 1
    taken = await engine.post("/visits", json=BODY | {"id": 1})
    assert (taken.status_code, list(taken.json()["errors"])) == (409, ["id"])
    assert await post(engine) == 2


async def test_who_may_not_count_is_told_so_by_health(declared_database: str) -> None:
    with psycopg.connect(declared_database, autocommit=True) as connection:
        connection.execute("CREATE ROLE counter; GRANT SELECT, INSERT, UPDATE, DELETE ON visits TO counter")
        try:
            dsn = psycopg.conninfo.make_conninfo(declared_database, options="-c role=counter")
            async with served(dsn, resources=[VISITS]) as http:
                for right, said in (("SELECT", "read-only"), ("USAGE", "read-only"), ("UPDATE", "ok")):
                    connection.execute(f"GRANT {right} ON SEQUENCE visits_id_seq TO counter".encode())
                    assert (await http.get("/health")).json()["database"] == said, right
                assert [await post(http), await post(http, id=5), await post(http)] == [1, 5, 6]
        finally:
            connection.execute("DROP OWNED BY counter; DROP ROLE counter")


async def test_above_the_highest_there_can_be_is_none(engine: httpx2.AsyncClient) -> None:
    assert await post(engine, id=2**53 - 1) == 2**53 - 1
    for body in (BODY, [BODY], [BODY | {"id": 3}, BODY]):
        refused = await engine.post("/visits", json=body)
        assert (refused.status_code, refused.json()["detail"]) == (
            409, "The highest number there can be is taken: send the visit with an id of its own.",
        )  # fmt: skip
    assert await post(engine, id=3) == 3
    assert await ids(engine) == [2**53 - 1, 3]


@pytest.mark.parametrize("key", [1.5, "x", "01", True, 2**53, [1], {}])
async def test_what_is_no_number_is_no_id(engine: httpx2.AsyncClient, key: object) -> None:
    refused = await engine.post("/visits", json=BODY | {"id": key})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["id"])


@pytest.mark.parametrize("key", ["x", "01", "1.0", "9007199254740992", "1" * 99, "%00"])
async def test_what_is_no_number_is_not_found(engine: httpx2.AsyncClient, key: str) -> None:
    for answer in (await engine.get(f"/visits/{key}"), await engine.put(f"/visits/{key}", json=BODY)):
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no visit with this id.")


async def test_numbers_are_sorted_and_filtered_as_numbers(engine: httpx2.AsyncClient) -> None:
    for key in (10, 9, 100):
        await post(engine, id=key)
    found = [
        [one["id"] for one in (await engine.get(f"/visits?{query}")).json()]
        for query in ("_sort=id", "id=9&id=100", "id_gte=10", "id_like=^1", "q=100")
    ]
    assert found == [[9, 10, 100], [9, 100], [10, 100], [10, 100], [100]]
