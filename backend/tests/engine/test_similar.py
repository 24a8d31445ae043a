"""`:similar` and `_score` on a real PostgreSQL: what is found, what comes first, and that an index does it."""

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import psycopg
import pytest

from app.dialect.collation import DETECT, Collations
from app.dialect.folding import folded, folded_sql
from app.dialect.lists import Lists
from app.dialect.query import parse
from app.limits import RANKED, SIMILAR_LENGTH
from app.sql import Part, quoted
from benchmarks.names import PAIRS, names
from tests.engine.pets import PETS, pet
from tests.engine.served import served
from tests.needs import needed

Connection = psycopg.Connection[Any]

PEOPLE: list[dict[str, Any]] = [
    {"id": "a", "name": "Siobhán O’Brien", "mainFood": "Hay", "sex": "Female", "note": "limps"},
    {"id": "b", "name": "Sioban Obrien", "mainFood": "Migraine pills"},
    {"id": "c", "name": "Catherine Smith", "mainFood": "Hay", "sex": "Female", "ward": {"named": "Katharinenhof"}},
    {"id": "d", "name": "Katherine Smith", "mainFood": "Hay"},
    {"id": "e", "name": "Smith", "mainFood": "Hay", "sex": "Female"},
    {"id": "f", "name": "Goldsmith", "mainFood": "Smithfield ham"},
    {"id": "g", "name": "Пётр Семёнов", "mainFood": "(smith) grass"},
]


@pytest.fixture
def trigrams(table: Connection) -> Connection:
    [(found,)] = table.execute("SELECT to_regproc('word_similarity')").fetchall()
    needed(found, "this PostgreSQL has no pg_trgm")
    return table


@pytest.fixture
async def people(trigrams: Connection, client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    for number, person in enumerate(PEOPLE):
        assert (await client.post("/pets", json=pet(number, **{"sex": "Male"} | person))).status_code == 201
    return client


@pytest.fixture
def collations(trigrams: Connection) -> Collations:
    return Collations(*trigrams.execute(DETECT.sql).fetchone() or ())


async def ids(client: httpx2.AsyncClient, **query: str) -> str:
    answer = await client.get("/pets", params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return "".join(row["id"] for row in (body["data"] if isinstance(body, dict) else body))


FOUND = [
    ({"name:similar": "siobhan obrien"}, "ab"),
    ({"name:similar": "OBRIEN, SIOBHAN"}, "ab"),
    ({"name:similar": "katherine smith"}, "dc"),
    ({"name:similar": "smith"}, "ecdf"),
    ({"name:similar": "петр семенов"}, "g"),
    ({"name:similar": "щетр семонов"}, "g"),
    ({"name:similar": "migrane"}, ""),
    ({"q:similar": "migrane"}, "b"),
    ({"q:similar": "katarinenhof"}, "c"),
    ({"note:similar": "LIMPS!"}, "a"),
    ({"nowhere:similar": "limps"}, "abcdefg"),
    ({"age:similar": "45"}, ""),
    ({"lastSeen:similar": "2024-01-15", "id": "a"}, "a"),
    ({"name:similar": ""}, "abcdefg"),
    ({"name:similar": " - "}, "abcdefg"),
    ({"name:similar": "a\0"}, ""),
    ({"name_similar": "smith"}, "abcdefg"),
    ({"name:similar": "katherine smith", "sex": "Female"}, "c"),
    ({"name:similar": "katherine smith", "_sort": "id"}, "cd"),
    ({"name:similar": "katherine smith", "_sort": "_score"}, "cd"),
    ({"name:similar": "smith", "mainFood:similar": "hay"}, "ecdf"),
    ({"_where": '{"name": {"similar": "katherine smith"}}'}, "dc"),
    ({"_where": '{"or": [{"name": {"similar": "obrien siobhan"}}, {"id": {"eq": "g"}}]}'}, "abg"),
    ({"_where": '{"q": {"similar": "migrane"}, "sex": {"eq": "Male"}}'}, "b"),
    ({"_where": '{"nowhere": {"similar": "migrane"}}'}, ""),
    ({"_where": '{"name": {"similar": ["x"]}}'}, ""),
]


@pytest.mark.parametrize(("query", "found"), FOUND)
async def test_what_is_similar_is_found_the_best_first(
    people: httpx2.AsyncClient, query: dict[str, str], found: str
) -> None:
    assert await ids(people, **query) == found


async def test_pages_slices_and_totals(people: httpx2.AsyncClient) -> None:
    page = (await people.get("/pets?name:similar=smith&_page=2&_per_page=2")).json()
    assert ([row["id"] for row in page["data"]], page["items"], page["last"]) == (["d", "f"], 4, 2)
    sliced = await people.get("/pets?name:similar=smith&_start=1&_end=3")
    assert ("".join(row["id"] for row in sliced.json()), sliced.headers["X-Total-Count"]) == ("cd", "4")
    assert await ids(people, **{"name:similar": "smith", "_start": "-1", "_end": "9"}) == "f"


async def test_repeated_values_are_one_of_them(people: httpx2.AsyncClient) -> None:
    answer = await people.get(f"/pets?name:similar=smith&name:similar={quote('семенов')}&_page=1&_per_page=9")
    assert {row["id"] for row in answer.json()["data"]} == set("ecdfg")


async def test_a_search_is_ranked_only_if_asked(people: httpx2.AsyncClient) -> None:
    assert await ids(people, q="smith") == "cdefg"
    for sort in ({"_sort": "-_score"}, {"_sort": "_score", "_order": "desc"}):
        assert await ids(people, q="SMITH", **sort) == "efcdg"
    assert await ids(people, q="SMITH", _sort="_score") == "cdgfe"
    assert await ids(people, q="SMITH", _sort="-_score,-id") == "efgdc"
    assert await ids(people, q="smith", _sort="-_score", _start="1", _limit="2") == "fc"


async def test_an_undeclared_field_is_a_field_to_a_ranked_search(people: httpx2.AsyncClient) -> None:
    await people.patch("/pets/d", json={"note": "hay is what it likes"})
    await people.patch("/pets/g", json={"note": "hay", "mainFood": "A lot of hay"})
    assert await ids(people, q="hay", _sort="-_score") == "acdeg"
    await people.patch("/pets/a", json={"mainFood": "Chay"})
    assert await ids(people, q="hay", _sort="-_score") == "cdega"


@pytest.mark.parametrize("text", [".*", "(smith)", "\\", "a" * 3000, '"', "\x1f", "[[:alpha:]]", "é{9}"])
async def test_whatever_is_searched_for_can_be_ranked(people: httpx2.AsyncClient, text: str) -> None:
    assert set(await ids(people, q=text, _sort="-_score")) == set(await ids(people, q=text))


async def test_a_score_of_nothing_is_list_order(people: httpx2.AsyncClient) -> None:
    assert await ids(people, _sort="-_score") == "abcdefg"


async def test_a_field_that_is_called_so_is_a_field(people: httpx2.AsyncClient) -> None:
    for key, score in (("c", 1), ("g", 3), ("f", 2)):
        await people.patch(f"/pets/{key}", json={"_score": score})
    assert await ids(people, q="smith", _sort="-_score") == "degfc"
    assert await ids(people, q="smith", _sort="_score") == "cfgde"
    assert await ids(people, **{"name:similar": "smith"}) == "ecdf"


async def test_what_is_too_long_to_be_compared_is_a_400(people: httpx2.AsyncClient) -> None:
    answer = await people.get("/pets", params={"name:similar": "a" * (SIMILAR_LENGTH + 1)})
    assert (answer.status_code, ":similar" in answer.json()["detail"]) == (400, True)


async def test_without_trigrams_it_says_what_to_install(trigrams: Connection, database_url: str) -> None:
    trigrams.execute("DROP EXTENSION pg_trgm")
    try:
        async with served(database_url, resources=[PETS]) as http:
            answer = await http.get("/pets?name:similar=smith")
            assert (answer.status_code, "CREATE EXTENSION pg_trgm" in answer.json()["detail"]) == (400, True)
            assert (await http.get("/pets?q=smith&_sort=-_score")).json() == []
    finally:
        trigrams.execute("CREATE EXTENSION pg_trgm")


def test_texts_are_folded_alike_here_and_in_the_database(trigrams: Connection, collations: Collations) -> None:
    """Each character but those that one of the two has not heard of yet."""
    known = [chr(code) for code in range(1, sys.maxunicode) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    texts = [*("x" + one for one in known if ord(one) < 0x20000), *(pair.right for pair in PAIRS), "ΟΔΟΣ Σ", "O'Neill"]
    part = folded_sql(Part("value"), quoted(collations.fold))
    rows = trigrams.execute(
        f"SELECT value, {part.sql.replace('%', '%%')} FROM unnest(%s::text[]) AS value".encode(), [texts]
    )
    other = [(text, found) for text, found in rows if found != folded(text)]
    assert len(other) < 40, other[:50]


_INDEXED = """
INSERT INTO pets (id, tag_number, name, age, sex, main_food, last_seen)
SELECT n, n, name, 4, 'Male', 'Hay', '2024-01-15' FROM unnest(%s::text[]) WITH ORDINALITY AS one(name, n)
"""


@pytest.fixture
def many(trigrams: Connection) -> Connection:
    trigrams.execute(_INDEXED.encode(), [list(names(2000))])
    return trigrams


def asked(connection: Connection, collations: Collations, **query: str) -> Sequence[Any]:
    sql, values = Lists(PETS, collations).rows(parse(urlencode(query), "1", PETS.fields))
    [(rows, total, _)] = connection.execute(sql.encode(), values).fetchall()
    return json.loads(rows), total


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.typed}: {pair.slip}")
def test_who_is_meant_comes_first(many: Connection, collations: Collations, pair: Any) -> None:
    rows, _ = asked(many, collations, **{"name:similar": pair.typed, "_page": "1"})
    assert rows[0]["name"] == pair.right


def test_more_than_can_be_ranked_keep_their_order_behind(trigrams: Connection, collations: Collations) -> None:
    people = [*(f"n{number} x" for number in range(RANKED)), "x", "x"]
    people[5] = "x"
    trigrams.execute(_INDEXED.encode(), [people])
    first, total = asked(trigrams, collations, q="x", _sort="-_score", _page="1", _per_page="3")
    assert ([row["id"] for row in first], total) == (["6", "1", "2"], RANKED + 2)
    last, _ = asked(trigrams, collations, q="x", _sort="-_score", _start=str(RANKED), _limit="2")
    assert [row["id"] for row in last] == [str(RANKED + 1), str(RANKED + 2)]
