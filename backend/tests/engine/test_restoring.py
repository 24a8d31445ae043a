"""POST /<path>/<id>/history: a record as one of its versions has it, as a change of its own."""

from typing import Any

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from app.access import keys
from app.config import Settings
from tests.asked import serving
from tests.engine.declared import DOCTORS

Table = psycopg.Connection[Any]


def doctor(**changes: Any) -> dict[str, Any]:
    return {"name": "Ada", "fee": 1, "accepting": True, **changes}


async def versions(engine: httpx2.AsyncClient, path: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = (await engine.get(f"/{path}/history")).json()
    return told


async def test_a_deleted_one_is_back_at_its_place_with_all_it_had(engine: httpx2.AsyncClient) -> None:
    for number in (1, 2, 3):
        await engine.post("/doctors", json=doctor(id=str(number), fee=number, since=None, note={"kept": [number]}))
    before = (await engine.get("/doctors")).json()
    await engine.delete("/doctors/2")
    _, created = await versions(engine, "doctors/2")
    answer = await engine.post("/doctors/2/history", json={"version": created["version"]})
    assert (answer.status_code, answer.json()) == (200, before[1])
    assert (await engine.get("/doctors")).json() == before
    assert (await engine.get("/doctors/2")).headers["etag"] == answer.headers["etag"]
    assert [one["change"] for one in await versions(engine, "doctors/2")] == ["created", "deleted", "created"]


async def test_a_changed_one_is_as_it_was(engine: httpx2.AsyncClient) -> None:
    was = doctor(id="1", note="a")
    await engine.post("/doctors", json=was)
    await engine.put("/doctors/1", json=doctor(name="Other", since="2020-01-31", more=1))
    _, created = await versions(engine, "doctors/1")
    restored = await engine.post("/doctors/1/history", json={"version": created["version"]})
    assert restored.json() == was


async def test_a_value_that_another_has_by_now_is_named(engine: httpx2.AsyncClient) -> None:
    await engine.post("/visits", json={"id": 1, "reason": "a", "ticket": "T1"})
    await engine.delete("/visits/1")
    await engine.post("/visits", json={"id": 2, "reason": "b", "ticket": "T1"})
    _, created = await versions(engine, "visits/1")
    taken = await engine.post("/visits/1/history", json={"version": created["version"]})
    assert (taken.status_code, list(taken.json()["errors"])) == (409, ["ticket"])
    assert (await engine.get("/visits/1")).status_code == 404


async def test_what_cannot_be_brought_back_says_why_and_changes_nothing(
    engine: httpx2.AsyncClient, table: Table
) -> None:
    await engine.post("/doctors", json=doctor(id="1"))
    [created] = await versions(engine, "doctors/1")
    await engine.patch("/doctors/1", json={"fee": 2})
    wanted = {"version": created["version"]}
    table.execute("UPDATE changes SET old = jsonb_set(old, '{name}', '\"\"') WHERE op = 'U'")
    younger = await engine.post("/doctors/1/history", json=wanted)
    assert (younger.status_code, "younger" in younger.json()["detail"]) == (409, True)
    table.execute("UPDATE changes SET old = NULL")
    assert (await engine.post("/doctors/1/history", json=wanted)).status_code == 404
    assert (await engine.get("/doctors/1")).json()["fee"] == 2


@pytest.mark.parametrize("version", [None, "1", True, -1, 1.5, 10**18, 10**30, [1]])
async def test_a_version_is_a_number(engine: httpx2.AsyncClient, version: object) -> None:
    answer = await engine.post("/doctors/1/history", json={"version": version})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["version"])


async def test_what_is_not_known_is_no_wish(engine: httpx2.AsyncClient) -> None:
    answer = await engine.post("/doctors/1/history", json={"version": 1, "dryRun": True})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["dryRun"])


async def test_json_has_one_kind_of_number(engine: httpx2.AsyncClient) -> None:
    await engine.post("/doctors", json=doctor(id="1"))
    [created] = await versions(engine, "doctors/1")
    answer = await engine.post("/doctors/1/history", json={"version": float(created["version"])})
    assert answer.status_code == 200


@pytest.mark.parametrize(("key", "version"), [("none", 1), ("a%00b", 1), ("1", 10**17)])
async def test_no_version_is_not_found(engine: httpx2.AsyncClient, key: str, version: int) -> None:
    await engine.post("/doctors", json=doctor(id="1"))
    assert (await engine.post(f"/doctors/{key}/history", json={"version": version})).status_code == 404


async def test_a_form_of_another_page_is_no_wish(engine: httpx2.AsyncClient) -> None:
    answer = await engine.post("/doctors/1/history", content='{"version": 1}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize(("right", "status"), [("crush", 200), ("crus", 403), ("rush", 403), ("crsh", 403)])
async def test_it_takes_to_create_to_update_and_to_see_what_was(
    settings: Settings, engine: httpx2.AsyncClient, right: str, status: int
) -> None:
    await engine.post("/doctors", json=doctor(id="1"))
    await engine.patch("/doctors/1", json={"fee": 9})
    wanted = {"version": (await versions(engine, "doctors/1"))[-1]["version"]}
    key, line = keys.made("anna", f"doctors:{right}")
    one = settings.model_copy(update={"access": ("keys",), "api_keys": SecretStr(line)})
    async with serving(one, [DOCTORS]) as http:
        answer = await http.post("/doctors/1/history", json=wanted, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == status
    assert (await versions(engine, "doctors/1"))[0]["by"] == ("key:anna" if status == 200 else "anonymous")
