"""Resources side by side in one process: each is written, read, filtered, refused and described in its own words."""

import json

import httpx2
import psycopg
import pytest
from openapi_spec_validator import validate

from app.api.field_rules import example
from app.dialect.conditions import OPERATORS
from app.dialect.query import SPELLINGS
from app.resource.ids import NUMBERS
from app.resource.resource import Resource
from tests.engine.declared import CASES, DOCTORS, EVERY
from tests.engine.served import create_tables, served


@pytest.mark.parametrize("resource", EVERY, ids=lambda resource: resource.path)
async def test_a_record_is_written_read_and_deleted(engine: httpx2.AsyncClient, resource: Resource) -> None:
    body, key = example(resource), 1 if resource.ids is NUMBERS else "1"
    created = await engine.post(f"/{resource.path}", json={"id": "1", **body})
    assert (created.status_code, created.json()) == (201, {"id": key, **body})
    assert (await engine.get(f"/{resource.path}/1")).json() == {"id": key, **body}
    assert (await engine.get(f"/{resource.path}")).json() == [{"id": key, **body}]
    required = {name: value for name, value in body.items() if not resource.fields[name].optional}
    replaced = await engine.put(f"/{resource.path}/1", json=required)
    assert (replaced.status_code, replaced.json()) == (200, {"id": key, **required})
    patched = await engine.patch(f"/{resource.path}/1", json=body)
    assert patched.json() == {"id": key, **body}
    assert (await engine.delete(f"/{resource.path}/1")).status_code == 200
    assert (await engine.get(f"/{resource.path}/1")).json()["detail"] == f"There is no {resource.noun} with this id."


@pytest.mark.parametrize("resource", EVERY, ids=lambda resource: resource.path)
async def test_every_field_is_sorted_and_filtered_by_every_operator(
    engine: httpx2.AsyncClient, resource: Resource
) -> None:
    body = example(resource)
    assert (await engine.post(f"/{resource.path}", json=body)).status_code == 201
    for name, value in body.items():
        text = value if isinstance(value, str) else json.dumps(value)
        wanted = [{name + spelling: text} for spelling in ("", *SPELLINGS)]
        where = [{"_where": json.dumps({name: {operator: value}})} for operator in OPERATORS]
        for query in [*wanted, *where, {"_sort": name}, {"_sort": f"-{name}", "_page": "1", "_per_page": "1"}]:
            assert (await engine.get(f"/{resource.path}", params=query)).status_code == 200, query
        if not isinstance(value, dict | list):
            assert len((await engine.get(f"/{resource.path}", params={name: text})).json()) == 1, name
            assert (await engine.get(f"/{resource.path}", params={f"{name}_ne": text})).json() == []


async def test_errors_are_of_the_resource_they_are_about(engine: httpx2.AsyncClient) -> None:
    for resource in EVERY:
        missing = await engine.get(f"/{resource.path}/nobody")
        assert (missing.status_code, missing.json()["detail"]) == (404, f"There is no {resource.noun} with this id.")
    doctor = example(DOCTORS)
    taken = [await engine.post("/doctors", json={"id": "d", **doctor}) for _ in range(2)][1]
    assert (taken.status_code, list(taken.json()["errors"])) == (409, ["id"])
    assert "doctor" in taken.json()["detail"]
    stale = await engine.patch("/doctors/d", json={"fee": 1}, headers={"If-Match": '"other"'})
    assert stale.status_code == 412
    assert "doctor" in stale.json()["detail"]
    wrong = (await engine.put("/doctors/d", json={"fee": "dear", "accepting": 1, "since": "2024-02-30"})).json()
    assert list(wrong["errors"]) == ["name", "fee", "accepting", "since"]
    case = example(CASES)
    twice = [await engine.post("/cases", json=case) for _ in range(2)][1]
    assert (twice.status_code, list(twice.json()["errors"])) == (409, ["caseNumber"])
    said = " ".join(answer.text for answer in (taken, stale, twice))
    assert "patient" not in said


async def test_the_description_has_every_resource_and_is_valid(engine: httpx2.AsyncClient) -> None:
    schema = (await engine.get("/openapi.json")).json()
    validate(schema)
    for resource in EVERY:
        assert {f"/{resource.path}", f"/{resource.path}/{{id}}"} <= schema["paths"].keys()
        uses = ("", "Create", "Replace", "Patch", "Page")
        assert {resource.title + use for use in uses} <= schema["components"]["schemas"].keys()
    names = [operation["operationId"] for item in schema["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("resource", EVERY, ids=lambda resource: resource.path)
async def test_the_example_of_every_body_succeeds_and_leaves_nothing_odd(
    engine: httpx2.AsyncClient, resource: Resource
) -> None:
    described = (await engine.get("/openapi.json")).json()["paths"]
    item = described[f"{resource.address}/{{id}}"]
    address = f"{resource.address}/{item['get']['parameters'][0]['example']}"
    post = described[resource.address]["post"]
    for method, target, operation in (
        ("POST", resource.address, post),
        ("PUT", address, item["put"]),
        ("PATCH", address, item["patch"]),
    ):
        body = operation["requestBody"]["content"]["application/json"]["example"]
        answer = await engine.request(method, target, json=body)
        assert (answer.status_code, answer.json().keys()) == (201 if method == "POST" else 200, resource.fields.keys())
    assert (await engine.delete(address)).status_code == 200
    assert (await engine.get(resource.address)).json() == []


async def test_the_home_page_has_every_resource(engine: httpx2.AsyncClient) -> None:
    await engine.post("/doctors", json=example(DOCTORS))
    listed = {one["path"]: one["count"] for one in (await engine.get("/")).json()["resources"]}
    assert listed == {f"/{resource.path}": int(resource is DOCTORS) for resource in EVERY}
    page = (await engine.get("/", headers={"accept": "text/html"})).text
    for resource in EVERY:
        assert all(f">{name}<" in page for name in (*resource.fields, f"/{resource.path}")), resource.path


@pytest.mark.parametrize("change", ["DROP TABLE {0}", "ALTER TABLE {0} RENAME {1} TO other"])
@pytest.mark.parametrize(("path", "column"), [("things", "maybe_any"), ("doctors", "since"), ("sessions", "extra")])
async def test_health_misses_a_table_or_a_column_of_each(
    bare_database: str, change: str, path: str, column: str
) -> None:
    create_tables(bare_database)
    async with served(bare_database) as http:
        assert (await http.get("/health")).status_code == 200
        with psycopg.connect(bare_database, autocommit=True) as connection:
            connection.execute(change.format(path, column).encode())
        health = await http.get("/health")
    assert (health.status_code, "alembic upgrade head" in health.json()["detail"]) == (503, True)
