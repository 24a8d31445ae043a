"""Lists on a real PostgreSQL: collations, limits, the dialect of a request without a mark.

What filters, searches, orders and pages answer is proved in tests/contract, beside json-server.
"""

import json
from typing import Any

import httpx2
import psycopg
import pytest

from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.query import parse
from tests.contract import records
from tests.engine.pets import PETS, pet
from tests.engine.served import create_tables, served
from tests.needs import needed

Connection = psycopg.Connection[Any]

PEOPLE: list[dict[str, Any]] = [
    {"id": "a", "name": "Zoë"},
    {"id": "b", "name": "zoe"},
    {"id": "c", "name": "ΚΏΣΤΑΣ"},
    {"id": "d", "name": "Anna"},
    {"id": "e", "name": "5%_\\"},
]


@pytest.fixture
async def people(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    for number, person in enumerate(PEOPLE):
        assert (await client.post("/pets", json=pet(number, **person))).status_code == 201
    return client


async def ids(client: httpx2.AsyncClient, query: str) -> str:
    answer = await client.get(f"/pets?{query}")
    assert answer.status_code == 200
    body = answer.json()
    return "".join(row["id"] for row in (body["data"] if isinstance(body, dict) else body))


async def test_text_sorts_like_locale_compare_in_1(people: httpx2.AsyncClient, table: Connection) -> None:
    needed(_collations(table).order, WITHOUT_ICU)
    assert await ids(people, "_sort=name&_page=1&_per_page=9") == "edbac"
    assert await ids(people, "_sort=-name") == "cabde"


WITHOUT_ICU = "this PostgreSQL was built without ICU"
TEXTS = ("name", "mainFood", "id", "tagNumber")


def _by_1(table: Connection, field: str, sign: str, collations: Collations) -> list[Any]:
    statement = Lists(PETS, collations).rows(parse(f"_sort={sign}{field}&_page=1&_per_page=99", "1", PETS.fields))
    found = table.execute(statement.sql.encode(), statement.params).fetchone()
    assert found
    return [row[field] for row in json.loads(found[0])]


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("field", TEXTS)
async def test_without_icu_the_order_is_letters_then_accents_then_case(
    client: httpx2.AsyncClient, table: Connection, field: str, sign: str
) -> None:
    """Of the texts of the contract tests it is ICU's own."""
    for number, record in enumerate(records.PATIENTS):
        texts = {"name": record["name"], "mainFood": record["medicalCondition"], "tagNumber": record["patientID"]}
        assert (await client.post("/pets", json=pet(number, id=record["id"], **texts))).status_code == 201
    collations = _collations(table)
    needed(collations.order, WITHOUT_ICU)
    assert _by_1(table, field, sign, collations._replace(order=None)) == _by_1(table, field, sign, collations)


async def test_that_there_is_no_icu_is_said_once_and_only_when_it_matters(
    bare_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    create_tables(bare_database)
    with psycopg.connect(bare_database) as connection:
        connection.execute("DELETE FROM pg_collation WHERE collprovider = 'i'")
    async with served(bare_database, resources=[PETS]) as http:
        for number, name in enumerate(("zoe", "Ängst", "anna", "Anna", "Zoë")):
            assert (await http.post("/pets", json=pet(number, id=str(number), name=name))).status_code == 201
        for quiet in ("", "_sort=name", "_sort=name&_limit=5", "_sort=-age,sex", "name:contains=x"):
            await ids(http, quiet)
        assert "ICU" not in caplog.text
        assert await ids(http, "_sort=-name") == "40321"
        assert await ids(http, "_sort=name&_page=1&_per_page=9") == "12304"
    assert caplog.text.count("built without ICU") == 1


async def test_a_request_without_a_mark_is_of_0_17(people: httpx2.AsyncClient) -> None:
    page = await people.get("/pets?_page=2")
    assert (page.json(), page.headers["X-Total-Count"]) == ([], "5")
    assert await ids(people, "_sort=name") == "edabc"
    assert await ids(people, "name=") == ""


async def test_a_request_without_a_mark_is_of_1_where_that_is_set(client_of_1: httpx2.AsyncClient) -> None:
    row = (await client_of_1.post("/pets", json=pet())).json()
    page = {"first": 1, "prev": None, "next": None, "last": 1, "pages": 1, "items": 1, "data": [row]}
    assert (await client_of_1.get("/pets?_page=1")).json() == page
    assert (await client_of_1.get("/pets?name=")).json() == [row]


@pytest.mark.parametrize(
    "query",
    ["name_like=" + "a" * 1001, "_where=" + '{"a":' * 30 + "{}" + "}" * 30, "&".join(f"k{n}=1" for n in range(99))],
)
async def test_what_is_not_served_is_a_400(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/pets?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


# --- collations


def _collations(connection: Connection) -> Collations:
    found = connection.execute(DETECT.sql).fetchone()
    assert found
    return Collations(*found)


# The default is the database's own, and before PostgreSQL 17 the embedded one's is C.
_KNOWN = """
SELECT collname::name FROM pg_collation
WHERE collname <> 'default' OR lower('Ë') = 'ë'
"""


@pytest.mark.parametrize("fold", ["the one found", "C.UTF-8", "und-x-icu", "pg_c_utf8", "default"])
async def test_every_collation_finds_letters_of_any_case(
    people: httpx2.AsyncClient, table: Connection, fold: str
) -> None:
    known = [name for (name,) in table.execute(_KNOWN).fetchall()]
    found_one = _collations(table)
    collations = found_one._replace(fold=fold if fold in known else found_one.fold)
    for query, names in (("q=zoË", ["Zoë"]), ("name_like=^κώ", ["ΚΏΣΤΑΣ"]), ("name:contains=ώσ", ["ΚΏΣΤΑΣ"])):
        statement = Lists(PETS, collations).rows(parse(query, "1", PETS.fields))
        found = table.execute(statement.sql.encode(), statement.params).fetchone()
        assert found
        assert [row["name"] for row in json.loads(found[0])] == names
