"""Relations on a real PostgreSQL: sizes, plans, refusals, descriptions. What json-server answers: tests/contract."""

import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest
from openapi_spec_validator import validate

from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.query import parse
from app.dialect.relations import Relations
from app.limits import LIST_BYTES, PART_BYTES, RELATIONS
from app.resource.resource import Resource
from app.services.statements import Statements
from app.sql import Query
from tests.engine.related import create_tables, declared
from tests.engine.served import served

Connection = psycopg.Connection[Any]

MANY = 300  # patients, each with as many visits: together more than one answer holds


@pytest.fixture
def resources() -> list[Resource]:
    return declared(numbers=True)


@pytest.fixture
def database(bare_database: str, resources: list[Resource]) -> str:
    create_tables(bare_database, resources)
    return bare_database


@pytest.fixture
async def client(database: str, resources: list[Resource]) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(database, resources=resources) as http:
        yield http


def _fill(dsn: str, patients: int, visits: int, name: str = "v") -> None:
    """So many patients, each with so many visits of this name; one doctor has them all, in fields nobody declared."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in (
            "INSERT INTO doctors (id, name) VALUES ('d', 'Osa')",
            f"INSERT INTO patients (name, doctor_id) SELECT 'p', 'd' FROM generate_series(1, {patients})",
            "INSERT INTO visits (id, name, patient_id) SELECT concat(patients.id, '-', n), %(name)s, patients.id"
            f" FROM patients, generate_series(1, {visits}) AS n ORDER BY n DESC, patients.id",
            "INSERT INTO sessions (id, extra) SELECT id, jsonb_build_object('doctorId', 'd') FROM visits",
            "ANALYZE",
        ):
            connection.execute(statement.encode(), {"name": name} if "%" in statement else None)


async def test_a_list_that_embeds_more_than_one_answer_holds_comes_in_parts(
    client: httpx2.AsyncClient, database: str
) -> None:
    _fill(database, MANY, 50)
    answer = await client.get("/patients?_embed=visits&_expand=doctor&_sort=id&_order=desc")
    assert (answer.status_code, "etag" in answer.headers) == (200, False)
    numbers = range(MANY, 0, -1)
    assert answer.json() == [
        {
            "id": number,
            "name": "p",
            "doctorId": "d",
            "visits": [{"id": f"{number}-{n}", "name": "v", "patientId": number} for n in range(50, 0, -1)],
            "doctor": {"id": "d", "name": "Osa"},
        }
        for number in numbers
    ]
    page = await client.get("/patients?_embed=visits&_page=2&_limit=2")
    assert ([one["id"] for one in page.json()], page.headers["x-total-count"]) == ([3, 4], str(MANY))
    assert "etag" in page.headers


async def test_what_belongs_to_one_is_refused_where_it_is_more_than_one_answer_holds(
    client: httpx2.AsyncClient, database: str
) -> None:
    _fill(database, 2, 13_000)
    for target in ("/patients?_embed=visits", "/patients/1?_embed=visits", "/doctors?_embed=sessions"):
        refused = await client.get(target)
        assert (refused.status_code, "too much to be embedded" in refused.json()["detail"]) == (400, True), target
    assert refused.json()["detail"].startswith("What belongs to one doctor")
    page = await client.get("/patients/1/visits?_page=2&_limit=3")
    assert [one["id"] for one in page.json()] == ["1-12997", "1-12996", "1-12995"]


async def test_long_texts_count(client: httpx2.AsyncClient, database: str) -> None:
    """Fields without a limit are as large as they are."""
    _fill(database, 2, 40, name=_long(100_000))
    assert (await client.get("/patients/1?_embed=visits")).status_code == 400
    listed = await client.get("/visits")
    assert (listed.status_code, len(listed.json()), "etag" in listed.headers) == (200, 80, False)


async def test_a_parent_counts_for_each_that_expands_it(client: httpx2.AsyncClient, database: str) -> None:
    _fill(database, 40, 1)
    large = {"id": "d", "name": _long(200_000)}
    assert (await client.put("/doctors/d", json=large)).status_code == 200
    answer = await client.get("/patients?_expand=doctor")
    assert ([one["doctor"] for one in answer.json()], "etag" in answer.headers) == ([large] * 40, False)


@pytest.mark.parametrize(
    "query", ["_embed=visits&_page=3&_limit=10", "_expand=doctor&_start=5&_end=9", "_embed=visits"]
)
def test_declared_keys_are_found_by_their_index(database: str, resources: list[Resource], query: str) -> None:
    _fill(database, 2000, 10)
    with psycopg.connect(database, autocommit=True) as connection:
        patients = next(one for one in resources if one.path == "patients")
        found = connection.execute(DETECT.sql).fetchone()
        lists = Lists(patients, Collations(*found or ()), Relations(resources))
        for statement in (lists.one(parse(query, "0.17", ()), "7"), lists.rows_at(parse(query, "0.17", ()), [1, 2, 3])):
            assert "Seq Scan on visits" not in _plan(connection, statement)
        if "_page" in query:
            assert "Seq Scan on visits" not in _plan(connection, lists.rows(parse(query, "0.17", ())))
        gone = Statements(patients).delete(
            one for one in Relations(resources).dependents(patients, "0.17", ()) if one.relation.declared
        )
        assert "Seq Scan" not in _plan(connection, Query(gone, {"key": 7, "versions": None, "by": ""}))


def _long(size: int) -> str:
    """A text of so many characters that nothing makes shorter."""
    return secrets.token_hex(size // 2)


def _plan(connection: Connection, statement: Query) -> str:
    return "\n".join(line for (line,) in connection.execute(f"EXPLAIN {statement.sql}".encode(), statement.params))


async def test_what_it_gives_takes_the_place_of_a_field(client: httpx2.AsyncClient) -> None:
    patient = {"id": 1, "name": "Ada", "doctorId": "d", "doctor": "Osa", "visits": 3}
    assert (await client.post("/patients", json=patient)).status_code == 201
    assert (await client.post("/doctors", json={"id": "d", "name": "Osa"})).status_code == 201
    text = (await client.get("/patients/1?_embed=visits&_embed=name&_embed=id&_expand=doctor")).text
    assert json.loads(text) == {**patient, "visits": [], "name": [], "doctor": {"id": "d", "name": "Osa"}}
    assert [text.count(f'"{name}":') for name in ("doctor", "visits")] == [1, 1]


async def test_versions_of_what_embeds(client: httpx2.AsyncClient) -> None:
    """A weak tag of all of it: it changes with what is embedded, and no write takes it for the record's own."""
    for target, body in (("/patients", {"id": 1}), ("/visits", {"id": "v", "patientId": 1})):
        assert (await client.post(target, json=body)).status_code == 201
    first = await client.get("/patients/1?_embed=visits")
    tag = first.headers["etag"]
    assert tag.startswith("W/")
    same = await client.get("/patients/1?_embed=visits", headers={"If-None-Match": tag})
    assert same.status_code == 304
    assert (await client.patch("/patients/1", json={"name": "x"}, headers={"If-Match": tag})).status_code == 412
    await client.patch("/visits/v", json={"name": "other"})
    again = await client.get("/patients/1?_embed=visits", headers={"If-None-Match": tag})
    assert (again.status_code, again.json()["visits"][0]["name"]) == (200, "other")
    assert (await client.get("/patients/1")).headers["etag"].startswith('"')


async def test_refusals_name_what_they_are_about(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/patients/9?_embed=visits")
    assert (missing.status_code, missing.json()["detail"]) == (404, "There is no patient with this id.")
    for target in ("/patients", "/patients/1"):
        many = "&".join(f"_embed=a{number}" for number in range(RELATIONS + 1))
        refused = await client.get(f"{target}?{many}")
        assert (refused.status_code, refused.json()["detail"]) == (
            400,
            f"There are more than {RELATIONS} relations in one request.",
        )
    wrong = await client.post("/patients/one/visits", json={})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["patientId"])


async def test_nested_writes(client: httpx2.AsyncClient) -> None:
    created = await client.post("/doctors/d%2F1/patients", json=[{"id": 1}, {"id": 2, "doctorId": "other"}])
    assert (created.status_code, created.json()) == (201, [{"id": 1, "doctorId": "d/1"}, {"id": 2, "doctorId": "d/1"}])
    assert len((await client.get("/doctors/d%2F1/patients?id=2")).json()) == 1
    assert (await client.get("/doctors/%00/patients")).json() == []
    one = await client.post("/patients/1/visits", json={"id": "v"})
    assert (one.status_code, one.headers["location"]) == (201, "/visits/v")
    assert (await client.get("/patients/1?_embed=visits")).json()["visits"] == [{"id": "v", "patientId": 1}]
    pages = await client.get("/patients/1/visits?_page=1&_limit=1&id_ne=x")
    assert pages.headers["x-total-count"] == "1"
    assert (await client.put("/patients/1/visits", json={})).status_code == 405


async def test_a_record_that_others_must_have_is_not_deleted(database: str, resources: list[Resource]) -> None:
    """Where a team says that each visit has a patient. In 0.17 the visits go, too."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE visits ALTER patient_id SET NOT NULL")
    async with served(database, "1", resources) as client:
        for target, body in (
            ("/patients", {"id": 1}),
            ("/visits", {"id": "v", "patientId": 1}),
            ("/people", {"id": 1}),
        ):
            assert (await client.post(target, json=body)).status_code == 201
        refused = await client.delete("/patients/1")
        assert (refused.status_code, "Other records need this patient" in refused.json()["detail"]) == (409, True)
        assert [len((await client.get(path)).json()) for path in ("/patients", "/visits")] == [1, 1]
        assert (await client.delete("/patients/1?_dependent=visits")).json() == {"id": 1}
        assert [len((await client.get(path)).json()) for path in ("/patients", "/visits", "/people")] == [0, 0, 1]


async def test_a_delete_that_is_refused_leaves_the_others(client: httpx2.AsyncClient) -> None:
    for target, body in (("/patients", {"id": 1}), ("/visits", {"id": "v", "patientId": 1})):
        assert (await client.post(target, json=body)).status_code == 201
    assert (await client.delete("/patients/1", headers={"If-Match": '"other"'})).status_code == 412
    assert (await client.delete("/patients/2")).status_code == 404
    assert len((await client.get("/visits")).json()) == 1
    assert (await client.delete("/patients/1")).json()["id"] == 1
    assert (await client.get("/visits")).json() == []


async def test_the_description_has_the_relations_that_are_declared(client: httpx2.AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()
    validate(schema)
    nested = {
        path
        for path in schema["paths"]
        if path.count("/") == 3 and path.split("/")[3] in {"patients", "visits", "children"}
    }
    assert nested == {
        "/doctors/{id}/patients",
        "/doctors/{id}/visits",
        "/patients/{id}/visits",
        "/people/{id}/children",
    }
    described = {
        path: {one["name"] for one in schema["paths"][path]["get"]["parameters"]} & {"_embed", "_expand"}
        for path in ("/patients", "/patients/{id}", "/doctors", "/visits/{id}", "/sessions", "/sessions/{id}")
    }
    both = {"_embed", "_expand"}
    assert list(described.values()) == [both, both, {"_embed"}, both, set(), set()]
    names = [operation["operationId"] for item in schema["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


def test_limits_fit() -> None:
    assert PART_BYTES < LIST_BYTES
