"""`python -m app undo` and `forget`, typed by a person; a journal that is pruned."""

from collections.abc import Callable
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from app.config import Settings
from app.database import Database
from app.resources import RESOURCES
from app.services.needs import needs
from app.services.pruning import prune
from tests.commands import ran, typed
from tests.patients import patient

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def command(database_url: str) -> Command:
    def run(*words: str, answer: str = "") -> tuple[int, str]:
        done = typed(*words, stdin=answer, DATABASE_URL=database_url)
        return done.returncode, done.stdout + done.stderr

    return run


def test_as_a_person_types_them(database_url: str) -> None:
    for word in ("undo", "forget"):
        done = ran("-m", "app", word, "patients", "1", stdin="n\n", DATABASE_URL=database_url)
        assert (done.returncode, "Nothing was changed" in done.stdout + done.stderr) == (1, True)


async def versions(client: httpx2.AsyncClient) -> list[dict[str, Any]]:
    return list((await client.get("/patients/1/history")).json())


async def test_a_record_is_brought_back_to_any_version(client: httpx2.AsyncClient, command: Command) -> None:
    made = (await client.post("/patients", json=patient(id="1", ward={"no": [1, None]}))).json()
    await client.patch("/patients/1", json={"age": 77, "ward": "West"})
    await client.delete("/patients/1")
    deleted, changed, created = [one["version"] for one in await versions(client)]
    assert command("undo", "patients", "1") == (0, f"patients/1 is as it was at version {changed}.\n")
    assert (await client.get("/patients/1")).json() == made | {"age": 77, "ward": "West"}
    assert command("undo", "patients", "1", str(created))[0] == 0
    assert (await client.get("/patients/1")).json() == made
    assert command("undo", "patients", "1", str(deleted))[0] == 0
    assert (await client.get("/patients/1")).status_code == 404
    by = [(one["change"], one["by"].split(":")[0]) for one in await versions(client)]
    assert by[:3] == [("deleted", "undo"), ("changed", "undo"), ("created", "undo")]


async def test_a_field_that_was_declared_since_is_brought_back_into_its_column(
    client: httpx2.AsyncClient, command: Command, database_url: str
) -> None:
    made = (await client.post("/patients", json=patient(id="1", ward="West"))).json()
    await client.patch("/patients/1", json={"medicalCondition": "Cough", "ward": "East"})
    before = (
        "UPDATE changes SET old = old - 'medical_condition' || jsonb_build_object('extra', %s::jsonb) WHERE op = 'U'"
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(before, (Jsonb({"ward": "West", "medicalCondition": {"a": 1}, "age": "old"}),))
        assert command("undo", "patients", "1") == (
            1,
            "Nothing was changed: a field of it is of another kind by now.\n",
        )
        connection.execute(before, (Jsonb({"ward": "West", "medicalCondition": made["medicalCondition"]}),))
    assert command("undo", "patients", "1")[0] == 0
    query = {"medicalCondition": made["medicalCondition"], "ward": "West"}
    assert (await client.get("/patients", params=query)).json() == [made]


async def test_what_cannot_be_brought_back_changes_nothing(
    client: httpx2.AsyncClient, command: Command, database_url: str
) -> None:
    await client.post("/patients", json=patient(id="1", patientID="P1"))
    await client.patch("/patients/1", json={"patientID": "P2"})
    await client.post("/patients", json=patient(id="2", patientID="P1"))
    await client.post("/patients", json=patient(id="4", patientID="P4"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE patients SET id = '5', patient_id = 'P5' WHERE id = '4'")
    before = await versions(client)
    for arguments, says in {
        ("patients", "1"): "another patient has its patientID by now",
        ("patients", "3"): "nothing is on record of patients/3",
        ("patients", "1", "12345"): "it has no such version before the latest one",
        ("patients", "1", str(before[0]["version"])): "it has no such version before the latest one",
        ("patients", "4"): "another patient has a value of it by now",
        ("nobody", "1"): f"nobody is none of the resources: {', '.join(one.path for one in RESOURCES)}",
    }.items():
        assert command("undo", *arguments) == (1, f"Nothing was changed: {says}.\n")
    assert await versions(client) == before


async def test_what_was_forgotten_is_not_known_any_more(
    client: httpx2.AsyncClient, command: Command, database_url: str
) -> None:
    await client.post("/patients", json=patient(id="1", name="Zoë Before"))
    now = (await client.patch("/patients/1", json={"name": "Zoë After"})).json()
    assert command("forget", "patients", "1", answer="n\n")[0] == 1
    assert "Zoë Before" in str(await versions(client))
    assert command("forget", "patients", "1", answer="y\n")[0] == 0
    found = await versions(client)
    assert [(one["change"], one["by"], one["record"]) for one in found] == [
        ("changed", "anonymous", now), ("created", "anonymous", None),
    ]  # fmt: skip
    assert command("undo", "patients", "1") == (1, "Nothing was changed: that version was forgotten.\n")
    with psycopg.connect(database_url) as connection:
        assert "Before" not in str(connection.execute("SELECT * FROM changes").fetchall())


async def test_what_is_older_is_pruned(client: httpx2.AsyncClient, database_url: str) -> None:
    for age in range(1, 8):
        await client.put("/patients/1", json=patient(age=age)) if age > 1 else await client.post(
            "/patients", json=patient(id="1", age=age)
        )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE changes SET at = at - interval '10 days' WHERE seq <= (SELECT min(seq) + 3 FROM changes)"
        )
    assert [await pruned(database_url, days) for days in (11, 9, 9)] == [0, 3, 0]
    found = [(one["version"] > 0, one["record"]["age"]) for one in await versions(client)]
    assert found == [(True, 7), (True, 6), (True, 5), (True, 4), (False, 3)]


async def test_of_many_the_newest_old_one_stays(client: httpx2.AsyncClient, database_url: str) -> None:
    aged = "INSERT INTO changes (resource, place, op, id, who, at) SELECT 'patients', n, 'U', '1', 'me', {} FROM {} n"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(aged.format("now() - interval '10 days'", "generate_series(1, 10002)").encode())
        assert [await pruned(database_url, 9), await pruned(database_url, 9)] == [10_001, 0]
        connection.execute(aged.format("now()", "generate_series(20001, 20003)").encode())
        assert [await pruned(database_url, 9), await pruned(database_url, 9)] == [0, 0]
        left = [place for (place,) in connection.execute("SELECT place FROM changes ORDER BY place")]
    assert left == [10_002, 20_001, 20_002, 20_003]


async def pruned(dsn: str, days: int) -> int:
    database = Database(Settings(_env_file=None, database_url=SecretStr(dsn)), needs(RESOURCES))
    await database.open()
    try:
        return await prune(database, days)
    finally:
        await database.close()
