"""POSTs and PATCHes that wait together share a statement: each still gets what it would have got alone."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import Settings
from app.database import Database, Row
from app.main import create_app
from app.services.needs import needs
from app.services.statements import Statements
from app.sql import Query
from tests.engine.pets import PETS, pet

Table = psycopg.Connection[Any]
STATEMENTS = Statements(PETS)


class Counting(Database):
    """The real one, which counts the statements it is given."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, needs([PETS]))
        self.given = Counter[str]()

    async def rows(self, query: Query, deadline: float | None = None) -> list[Row]:
        self.given[query.sql] += 1
        return await super().rows(query, deadline)


@pytest.fixture
async def database(settings: Settings, table: Table) -> AsyncIterator[Counting]:
    counting = Counting(settings)
    await counting.open()
    yield counting
    await counting.close()


@pytest.fixture
async def client(settings: Settings, database: Counting) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings, [PETS], database)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


@pytest.fixture
def nobody_named_bad(table: Table) -> Iterator[None]:
    """A rule that only the database knows."""
    table.execute("ALTER TABLE pets ADD CONSTRAINT bad CHECK (name <> 'Bad')")
    yield
    table.execute("ALTER TABLE pets DROP CONSTRAINT bad")


async def post(client: httpx2.AsyncClient, *bodies: dict[str, Any]) -> list[httpx2.Response]:
    return await asyncio.gather(*(client.post("/pets", json=body) for body in bodies))


async def patch(client: httpx2.AsyncClient, *changes: tuple[str, dict[str, Any]]) -> list[httpx2.Response]:
    return await asyncio.gather(*(client.patch(f"/pets/{key}", json=change) for key, change in changes))


def stored(table: Table, columns: str = "id, name") -> list[Any]:
    return table.execute(f"SELECT {columns} FROM pets ORDER BY id".encode()).fetchall()


async def test_many_posts_are_few_statements(client: httpx2.AsyncClient, database: Counting, table: Table) -> None:
    answers = await post(client, *(pet(number, ward=number) for number in range(250)))
    assert {answer.status_code for answer in answers} == {201}
    rows = {answer.json()["id"]: answer.json()["ward"] for answer in answers}
    assert sorted(rows.values()) == list(range(250))
    assert stored(table, "id, (extra->>'ward')::int") == sorted(rows.items())
    assert [row["ward"] for row in (await client.get("/pets")).json()] == list(range(250))  # as they came
    assert [answer.headers["location"] for answer in answers] == [f"/pets/{key}" for key in rows]
    assert database.given[STATEMENTS.insert_free] <= 10
    assert database.given[STATEMENTS.insert] == 0


async def test_of_posts_that_exclude_each_other_one_is_taken_and_neighbours_are_not_harmed(
    client: httpx2.AsyncClient, table: Table
) -> None:
    await post(client, pet(0, id="old"))
    same_id = [pet(number, id="x") for number in range(1, 4)]
    same_tag_number = [pet(4, id=f"y{number}") for number in range(3)]
    taken = [pet(5, id="old"), pet(0)]
    good = [pet(number, id=f"g{number}") for number in range(6, 9)]
    answers = await post(client, *same_id, *same_tag_number, *taken, *good)
    groups = answers[:3], answers[3:6], answers[6:8], answers[8:]
    statuses = [sorted(answer.status_code for answer in group) for group in groups]
    assert statuses == [[201, 409, 409], [201, 409, 409], [409, 409], [201, 201, 201]]
    named = [[*answer.json()["errors"]] for answer in answers if answer.status_code == 409]
    assert named == [["id"], ["id"], ["tagNumber"], ["tagNumber"], ["id"], ["tagNumber"]]
    assert len(stored(table)) == 6


async def test_a_pet_the_database_refuses_takes_nobody_along(
    client: httpx2.AsyncClient, table: Table, nobody_named_bad: None
) -> None:
    names = ["Ada", "Bad", "Eve"]
    answers = await post(client, *(pet(number, id=name, name=name) for number, name in enumerate(names)))
    assert [answer.status_code for answer in answers] == [201, 500, 201]
    answers = await patch(client, ("Ada", {"name": "Bad"}), ("Eve", {"name": "Eva"}))
    assert [answer.status_code for answer in answers] == [500, 200]
    assert stored(table) == [("Ada", "Ada"), ("Eve", "Eva")]


async def test_many_patches_are_few_statements_and_none_is_lost(
    client: httpx2.AsyncClient, database: Counting, table: Table
) -> None:
    await post(client, *(pet(number, id=f"{number:03}", ward="A", bed=1) for number in range(100)))
    names = [(f"{number:03}", {"name": f"Name {number}", "ward": None}) for number in range(100)]
    ages = [(f"{number:03}", {"age": number + 1}) for number in range(100)]
    answers = await patch(client, *names, *ages)
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json()["name"] == f"Name {number}" for number, answer in enumerate(answers[:100]))
    expected = [(f"{n:03}", f"Name {n}", n + 1, {"ward": None, "bed": 1}, "Asthma") for n in range(100)]
    assert stored(table, "id, name, age, extra, main_food") == expected
    assert database.given[STATEMENTS.patch_free] <= 10


async def test_each_patch_gets_its_own_answer(client: httpx2.AsyncClient, table: Table) -> None:
    await post(client, *(pet(number, id=f"p{number}") for number in range(4)))
    answers = await patch(
        client, ("p0", {"name": "New"}), ("none", {"name": "New"}), ("p1", {"tagNumber": "P003"}), ("p2", {"age": 7})
    )
    assert [answer.status_code for answer in answers] == [200, 404, 409, 200]
    assert [*answers[2].json()["errors"]] == ["tagNumber"]
    columns = stored(table, "id, name, tag_number, age")
    assert columns[:3] == [
        ("p0", "New", "P000", 45),
        ("p1", "Zoë Ångström", "P001", 45),
        ("p2", "Zoë Ångström", "P002", 7),
    ]


async def test_nobody_waits_for_a_lock_on_another_pet(client: httpx2.AsyncClient, table: Table) -> None:
    await post(client, pet(1, id="held"), pet(2, id="free"))
    with table.transaction():
        table.execute("UPDATE pets SET age = 1 WHERE id = 'held'")
        waiting = asyncio.create_task(patch(client, ("held", {"name": "Late"})))
        [answer] = await patch(client, ("free", {"name": "Soon"}))
        assert answer.json()["name"] == "Soon"
        assert not waiting.done()
    [late] = await waiting
    assert (late.json()["name"], late.json()["age"]) == ("Late", 1)


@pytest.mark.parametrize("taken", [{"id": "held"}, {"tagNumber": "P001"}])
async def test_nobody_waits_for_what_another_client_has_not_committed(
    client: httpx2.AsyncClient, table: Table, taken: dict[str, str]
) -> None:
    await post(client, pet(8, id="free"), pet(9, id="other"))
    with table.transaction():
        table.execute(_UNCOMMITTED)
        waiting = asyncio.create_task(post(client, pet(2, **taken)))
        renaming = asyncio.create_task(patch(client, ("other", {"tagNumber": "P001"})))
        answers = await post(client, *(pet(number) for number in range(20, 30)))
        answers += await patch(client, ("free", {"name": "Soon"}))
        assert [answer.status_code for answer in answers] == [201] * 10 + [200]
        assert not waiting.done()
        assert not renaming.done()
    [late], [renamed] = await asyncio.gather(waiting, renaming)
    assert (late.status_code, renamed.status_code) == (409, 409)
    assert late.json()["errors"].keys() == taken.keys()


_UNCOMMITTED = "INSERT INTO pets VALUES (DEFAULT, 'held', 'P001', 'a', 1, 'Other', 'b', '2024-01-01')"


async def test_a_large_pet_goes_alone(client: httpx2.AsyncClient, database: Counting, table: Table) -> None:
    answers = await post(client, pet(1, id="large", note="x" * 50_000), pet(2, id="small"))
    answers += await patch(client, ("large", {"note": "y" * 50_000}))
    assert [answer.status_code for answer in answers] == [201, 201, 200]
    assert database.given[STATEMENTS.insert] == 1
    assert database.given[STATEMENTS.patch_free] == 0
    assert stored(table, "id, left(extra->>'note', 3)") == [("large", "yyy"), ("small", None)]
