"""What is of the server as a whole: /db, and everything below a path."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest

from app.api.field_rules import example
from tests.engine.declared import DOCTORS, EVERY, VISITS
from tests.engine.served import served


@pytest.fixture
async def below(declared_database: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(declared_database, base_path="api/") as http:
        yield http


async def test_db_is_every_list(engine: httpx2.AsyncClient) -> None:
    assert (await engine.get("/db")).json() == {resource.path: [] for resource in EVERY}
    for resource in (DOCTORS, VISITS):
        await engine.post(f"/{resource.path}", json=example(resource))
    lists = {resource.path: (await engine.get(f"/{resource.path}")).json() for resource in EVERY}
    found = await engine.get("/db")
    assert (found.status_code, found.json()) == (200, lists)
    assert (await engine.head("/db")).content == b""


async def test_db_is_streamed_where_a_list_is_long(engine: httpx2.AsyncClient) -> None:
    for _ in range(4):
        many = [{"reason": "x" * 900, "ward": "y" * 100} for _ in range(900)]
        assert (await engine.post("/visits", json=many)).status_code == 201
    assert len(json.loads((await engine.get("/db")).content)["visits"]) == 3600


async def test_db_is_there_in_development_only(declared_database: str) -> None:
    async with served(declared_database, environment="production") as http:
        assert (await http.get("/db")).status_code == 404


async def test_everything_stands_below_the_base_path(below: httpx2.AsyncClient) -> None:
    made = await below.post("/api/visits", json=example(VISITS))
    assert (made.status_code, made.headers["location"]) == (201, "/api/visits/1")
    assert (await below.get("/api/visits/1")).json() == made.json()
    await below.post("/api/visits", json=example(VISITS) | {"ticket": "T2"})
    assert (await below.get("/api/visits?_page=1&_limit=1")).headers["link"].startswith("<http://test/api/visits?")
    for path in ("/api", "/api/", "//api//visits", "/api/docs", "/api/health", "/api/health/live", "/api/openapi.json"):
        assert (await below.get(f"http://test{path}")).status_code == 200, path
    assert (await below.get("/api/openapi.json")).json()["servers"] == [{"url": "/api"}]
    page = (await below.get("/api", headers={"accept": "text/html"})).text
    assert all(f'href="/api{path}"' in page for path in ("/visits", "/docs"))
    assert '"/visits"' not in page


@pytest.mark.parametrize(
    "path", ["/", "/visits", "/apivisits", "/healthvisits", "/docs", "/api/api/visits", "/visits/api"]
)
async def test_nothing_but_health_stands_beside_it(below: httpx2.AsyncClient, path: str) -> None:
    assert (await below.get(path)).status_code == 404
    assert (await below.get("/health")).status_code == (await below.get("/health/live")).status_code == 200
