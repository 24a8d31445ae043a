"""Every change is on record, in the transaction that makes it, whoever makes it and how."""

import asyncio
from typing import Any

import httpx2
import psycopg
import pytest

from app.api.field_rules import example
from app.resource.resource import Resource
from tests.engine.declared import CASES, DOCTORS, EVERY, THINGS

VISIT = {"reason": "a cough"}
FORGING = (
    "AFTER INSERT ON doctors REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_changed()",
    "AFTER UPDATE ON doctors FOR EACH ROW EXECUTE FUNCTION record_renamed()",
    "BEFORE TRUNCATE ON doctors FOR EACH STATEMENT EXECUTE FUNCTION records_truncated()",
)


async def history(engine: httpx2.AsyncClient, path: str) -> list[tuple[Any, ...]]:
    answer = await engine.get(f"/{path}/history")
    assert answer.status_code == 200, answer.text
    versions = [one["version"] for one in answer.json()]
    assert versions == sorted(set(versions), reverse=True)
    for one in answer.json():
        assert (await engine.get(f"/{path}/history/{one['version']}")).json() == one
    return [(one["change"], one["by"], one["record"]) for one in answer.json()]


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def changes(dsn: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT resource, op, id, who, request FROM changes ORDER BY seq").fetchall()


@pytest.mark.parametrize("resource", EVERY, ids=lambda resource: resource.path)
async def test_every_version_of_a_record(engine: httpx2.AsyncClient, resource: Resource) -> None:
    body = example(resource)
    first = (await engine.post(f"/{resource.path}", json=body | {"id": 5, "ward": ["West", None]})).json()
    path = f"{resource.path}/5"
    second = (await engine.patch(f"/{path}", json={"ward": "East"})).json()
    third = (await engine.put(f"/{path}", json=body)).json()
    await engine.delete(f"/{path}")
    again = (await engine.post(f"/{resource.path}", json=body | {"id": 5})).json()
    assert await history(engine, path) == [
        ("created", "anonymous", again),
        ("deleted", "anonymous", None),
        ("changed", "anonymous", third),
        ("changed", "anonymous", second),
        ("created", "anonymous", first),
    ]


async def test_pages_of_a_history(engine: httpx2.AsyncClient) -> None:
    await engine.post("/visits", json=VISIT)
    for number in range(9):
        await engine.patch("/visits/1", json={"reason": f"{number}"})
    newest = (await engine.get("/visits/1/history?_limit=4")).json()
    assert [one["record"]["reason"] for one in newest] == ["8", "7", "6", "5"]
    older = (await engine.get(f"/visits/1/history?_limit=3&_before={newest[-1]['version']}")).json()
    assert [one["record"]["reason"] for one in older] == ["4", "3", "2"]
    for query in ("_limit=x", "_before=-1", "_limit=1.5"):
        assert (await engine.get(f"/visits/1/history?{query}")).status_code == 400
    large = {"text": "x" * 900_000}
    for _ in range(5):
        await engine.patch("/visits/1", json=large)
    assert 1 <= len((await engine.get("/visits/1/history")).json()) < 5


async def test_what_nobody_knows_has_no_history(engine: httpx2.AsyncClient) -> None:
    await engine.post("/visits", json=VISIT)
    for path in (
        "visits/2/history",
        "visits/x/history",
        "visits/%00/history",
        "visits/1/history/999",
        "visits/1/history/x",
    ):
        assert (await engine.get(f"/{path}")).status_code == 404, path


async def test_those_who_share_a_statement_sign_each_their_own(
    engine: httpx2.AsyncClient, declared_database: str
) -> None:
    async def write(number: int) -> str:
        name = f"r-{number}"
        answer = await engine.post("/visits", json=VISIT, headers={"x-request-id": name})
        await engine.patch(f"/visits/{answer.json()['id']}", json={"ward": "a"}, headers={"x-request-id": name})
        return str(answer.json()["id"])

    ids = await asyncio.gather(*map(write, range(100)))
    found = {(op, key): (who, request) for _, op, key, who, request in changes(declared_database)}
    assert found == {(op, key): ("anonymous", f"r-{number}") for number, key in enumerate(ids) for op in ("I", "U")}


async def test_what_changes_nothing_leaves_no_row(engine: httpx2.AsyncClient, declared_database: str) -> None:
    case = example(CASES) | {"id": "1"}
    assert (await engine.post("/cases", json=case)).status_code == 201
    with psycopg.connect(declared_database, autocommit=True) as connection:

        def newest() -> Any:
            return connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())").fetchone()

        before, changed = newest(), len(changes(declared_database))
        assert (await engine.post("/cases", json=case)).status_code == 409
        assert (await engine.post("/cases", json=case | {"id": "2"})).status_code == 409
        assert (await engine.patch("/cases/1", json={"status": "unheard"})).status_code == 400
        assert (await engine.patch("/cases/3", json={"status": "open"})).status_code == 404
        assert (await engine.delete("/cases/3")).status_code == 404
        assert (await engine.put("/cases/1", json=example(CASES), headers={"if-match": '"x"'})).status_code == 412
        assert len(changes(declared_database)) == changed
        later = newest()
        assert (await engine.patch("/cases/3", json={"status": "open"})).status_code == 404
        assert (await engine.delete("/cases/3")).status_code == 404
        assert newest() == later, "a statement that touches nothing uses no transaction id"
        assert before <= later


async def test_psql_is_on_record_too(engine: httpx2.AsyncClient, declared_database: str) -> None:
    execute(
        declared_database,
        "INSERT INTO visits (id, reason) SELECT n, 'by hand' FROM generate_series(1, 3) n",
        "UPDATE visits SET reason = 'better' WHERE id = 2",
        "DELETE FROM visits WHERE id = 3",
        "UPDATE visits SET reason = 'nobody' WHERE id = 99",
        "TRUNCATE visits",
    )
    with psycopg.connect(declared_database) as connection:
        me = f"database:{connection.info.user}"
    found = changes(declared_database)
    assert [(op, key) for _, op, key, *_ in found] == [
        ("I", "1"), ("I", "2"), ("I", "3"), ("U", "2"), ("D", "3"), ("D", "1"), ("D", "2"),
    ]  # fmt: skip
    assert {(path, who, request) for path, _, _, who, request in found} == {("visits", me, None)}
    assert [one[0] for one in await history(engine, "visits/2")] == ["deleted", "changed", "created"]


async def test_a_record_that_gets_another_id_is_on_record_under_both(
    engine: httpx2.AsyncClient, declared_database: str
) -> None:
    await engine.post("/visits", json=VISIT)
    execute(declared_database, "UPDATE visits SET id = 7 WHERE id = 1", "UPDATE visits SET id = 7 WHERE id = 7")
    made = (await engine.get("/visits/7")).json()
    assert [(change, record) for change, _, record in await history(engine, "visits/7")] == [
        ("changed", made), ("created", made),
    ]  # fmt: skip
    assert [(change, record) for change, _, record in await history(engine, "visits/1")] == [
        ("changed", None), ("created", VISIT | {"id": 1}),
    ]  # fmt: skip


async def test_what_goes_with_a_record_is_signed_too(engine: httpx2.AsyncClient, declared_database: str) -> None:
    doctor = (await engine.post("/doctors", json=example(DOCTORS))).json()["id"]
    await engine.post("/visits", json=VISIT | {"doctorId": doctor})
    answer = await engine.delete(f"/doctors/{doctor}", headers={"x-request-id": "leaves"})
    assert answer.status_code == 200
    found = {
        (path, op): (who, request) for path, op, _, who, request in changes(declared_database) if request == "leaves"
    }
    assert found == {("doctors", "D"): ("anonymous", "leaves"), ("visits", "D"): ("anonymous", "leaves")}


async def test_a_record_older_than_the_journal_has_a_version_0(
    engine: httpx2.AsyncClient, declared_database: str
) -> None:
    one = (await engine.post("/things", json=example(THINGS) | {"id": "1"})).json()
    execute(declared_database, "TRUNCATE changes")
    assert await history(engine, "things/1") == [("created", None, one)]
    two = (await engine.patch("/things/1", json={"pieces": 77})).json()
    assert await history(engine, "things/1") == [("changed", "anonymous", two), ("created", None, one)]


async def test_who_may_write_needs_no_right_on_the_journal(declared_database: str) -> None:
    execute(
        declared_database,
        "CREATE ROLE clerk_of_visits; GRANT SELECT, INSERT, UPDATE, DELETE ON visits TO clerk_of_visits",
    )
    try:
        with psycopg.connect(declared_database) as connection:
            connection.execute("SET ROLE clerk_of_visits")
            connection.execute("INSERT INTO visits (reason) VALUES ('a cough')")
            connection.execute("UPDATE visits SET reason = 'better'")
            connection.execute("DELETE FROM visits")
            connection.execute("CREATE TEMPORARY TABLE doctors (id text)")
            for forbidden in ("DELETE FROM changes", *(f"CREATE TRIGGER forges {how}" for how in FORGING)):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(forbidden.encode())
    finally:
        execute(declared_database, "DROP OWNED BY clerk_of_visits; DROP ROLE clerk_of_visits")
