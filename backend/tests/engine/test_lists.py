"""Lists on a real PostgreSQL: filters, search, order, pages, totals. What json-server answers is in tests/contract."""

import json
from typing import Any
from urllib.parse import quote_plus

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
    {"id": "a", "name": "Zoë", "age": 45, "sex": "Female", "lastSeen": "2024-01-15", "ward": "North", "score": 4.5},
    {"id": "b", "name": "zoe", "age": 7, "sex": "Male", "lastSeen": "2024-06-30", "ward": "10", "score": 10},
    {"id": "c", "name": "ΚΏΣΤΑΣ", "age": 45, "sex": "Male", "lastSeen": "0099-12-31", "ward": True, "score": 0},
    {
        "id": "d",
        "name": "Anna",
        "age": 101,
        "sex": "Other",
        "lastSeen": "2024-06-01",
        "tags": ["Red", 'a"b', "c, d"],
    },
    {"id": "e", "name": "5%_\\", "age": 45, "sex": "Female", "lastSeen": "2023-12-31", "deep": {"ward": "South"}},
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


FILTERS = [
    ("", "abcde"),
    ("id=b&id=d", "bd"),
    ("age=45&sex=Female", "ae"),
    ("age=045", "ace"),
    ("age_gte=45.5", "d"),
    ("age_lt=45.5", "abce"),
    ("age_ne=45&age_ne=7", "d"),
    ("lastSeen_gte=2024-06", "bd"),
    ("lastSeen_lt=2024", "ce"),
    ("lastSeen:contains=-12-", "ce"),
    ("name:contains=ZO", "ab"),
    ("name:startsWith=%CE%BA%CF%8E", "c"),
    ("name:contains=%25_", "e"),
    ("name_like=^z.%C3%8B$", "a"),
    ("name_like=^a&name_like=%5C%25", "de"),
    ("age_like=^1", "d"),
    ("name_like=_%5C", "e"),
    ("name_like=(", ""),
    ("nowhere_like=(", "abcde"),
    ("lastSeen_like=^0", "c"),
    # Undeclared fields are compared by the type of what is stored.
    ("ward=10", "b"),
    ("score=10", "b"),
    ("score=10.0", "b"),
    ("ward=true", "c"),
    ("ward_ne=North", "bc"),
    ("score_gte=4", "ab"),
    ("ward_gte=A", "a"),
    ("ward_like=^n", "a"),
    ("ward:contains=OR", "a"),
    ("deep.ward=South", "e"),
    ("ward_gt=1", "abcde"),
    # Arrays and objects are their text in JavaScript; in 1.x they equal nothing.
    ("tags=Red,a%22b,c,+d", "d"),
    ("tags=Red", ""),
    ("tags_ne=Red", "d"),
    ("tags_gte=R&tags_lte=S", "d"),
    ("tags_like=b,c", "d"),
    ("tags.0=Red", "d"),
    ("deep=[object+Object]", "e"),
    ("deep_like=object", "e"),
    ("tags:eq=Red,a%22b,c,+d", ""),
    ("tags:contains=red", "d"),
    ("tags:contains=re", ""),
    ("tags:startsWith=red", ""),
    ("nowhere=1&nowhere_gte=5&nowhere:eq=9&nowhere_like=x", "abcde"),
    # What no record can have is no error.
    ("name=%00", ""),
    ("name=%FF", ""),
    ("name_gte=%00", ""),
    ("name_ne=%00", "abcde"),
    ("age=%00", ""),
    ("lastSeen=2024-02-30", ""),
    ("ward=%00", ""),
    ("%00=1&%FF=1", "abcde"),
    ("q=%00", ""),
]


@pytest.mark.parametrize(("query", "found"), FILTERS)
async def test_filters(people: httpx2.AsyncClient, query: str, found: str) -> None:
    assert await ids(people, query) == found


WHERES: list[tuple[dict[str, Any], str]] = [
    ({"age": {"eq": 45}, "sex": {"ne": "Male"}}, "ae"),
    ({"or": [{"age": {"lt": 10}}, {"name": {"startsWith": "A"}}]}, "bd"),
    ({"ward": {"eq": "10"}}, "b"),
    ({"ward": {"eq": 10}}, ""),
    ({"score": {"gt": 4}}, "ab"),
    ({"nowhere": {"ne": 1}}, ""),
    ({"deep": {"ward": {"eq": "North"}}}, "abcd"),
    ({"tags": {"eq": ["Red"]}}, ""),
    ({"tags": {"contains": "c, D"}}, "d"),
]


@pytest.mark.parametrize(("document", "found"), WHERES)
async def test_where(people: httpx2.AsyncClient, document: dict[str, Any], found: str) -> None:
    assert await ids(people, f"_where={quote_plus(json.dumps(document))}") == found


SEARCHES = [
    ("ZOE", "b"),
    ("ΚΏΣΤ", "c"),
    ("κώσ", "c"),
    ("5%_\\", "e"),
    ("%", "e"),
    ("45", "ace"),
    ("101", "d"),
    ("0099-12", "c"),
    ("12-31", "ce"),
    ("north", "a"),
    ("south", "e"),
    ("red", "d"),
    ('A"B', "d"),
    (", ", "d"),
    ("c, D", "d"),
    ('", "', ""),
    ("[", ""),
    ("4.5", "a"),
    ("tru", "c"),
    ("ward", ""),
    ("\x1f", ""),
    ("female\x1f", ""),
]


@pytest.mark.parametrize(("text", "found"), SEARCHES)
async def test_search(people: httpx2.AsyncClient, text: str, found: str) -> None:
    assert await ids(people, f"q={quote_plus(text)}") == found


SORTS = [
    ("_sort=age", "baced"),
    ("_sort=-age", "daceb"),
    ("_sort=sex,-age", "aecbd"),
    ("_sort=lastSeen&_order=desc", "bdaec"),
    ("_sort=name&_order=asc", "edabc"),  # code points: capitals first
    ("_sort=score", "cabde"),
    ("_sort=-score", "debac"),
    ("_sort=ward&_order=asc", "cbade"),  # true is 1, and numbers stand before texts
    ("_sort=nowhere,-age", "daceb"),
    ("_sort=%00,-age", "daceb"),
    ("_sort=%FF,score", "cabde"),
]


@pytest.mark.parametrize(("query", "order"), SORTS)
async def test_sort(people: httpx2.AsyncClient, query: str, order: str) -> None:
    assert await ids(people, query) == order


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


PAGES = [
    ("_page=1&_per_page=2", "ab", 5),
    ("_page=3&_per_page=2", "e", 5),
    ("_page=9&_per_page=2", "e", 5),
    ("_page=9&_per_page=2&age=45", "e", 3),
    ("_page=9&_per_page=2&age=46", "", 0),
    ("_page=99999999999999999999&_per_page=99999999999999999999", "abcde", 5),
    ("_page=9&_limit=2", "", 5),
    ("_page=2&_limit=2&_sort=age", "ce", 5),
    ("_limit=2&sex=Male", "bc", 2),
    ("_start=1&_end=3", "bc", 5),
    ("_start=3&_end=1", "", 5),
    ("_start=-2&_end=99", "de", 5),
    ("_end=-2", "abc", 5),
    ("_start=-99&_end=-4", "a", 5),
    ("_start=-4&_end=-9", "", 5),
    ("_limit=0", "", 5),
    ("q=zoe&_limit=0", "", 1),
]


@pytest.mark.parametrize(("query", "found", "total"), PAGES)
async def test_pages_and_slices(people: httpx2.AsyncClient, query: str, found: str, total: int) -> None:
    answer = await people.get(f"/pets?{query}")
    assert (await ids(people, query), answer.headers["X-Total-Count"]) == (found, str(total))


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
