"""The feed as pages: what a change says, cursors, filters, limits, waiting; of all resources of the engine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest

from app.limits import CHANGES_MOST, LIST_BYTES
from tests.engine.served import served

Table = psycopg.Connection[Any]
DOCTOR = {"name": "Dr. Ìfẹ́ Òjó", "fee": 120.5, "accepting": True, "extra": [1]}
VISIT = {"reason": "a cough"}


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A server for each test: it keeps what it has told to whoever follows."""
    async with served(database_url) as http:
        yield http


async def page(engine: httpx2.AsyncClient, since: str = "", **query: Any) -> Any:
    answer = await engine.get("/changes", params={"_since": since, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store, no-cache"
    return answer.json()


def told(answer: Any) -> list[tuple[str, Any, str]]:
    return [(one["resource"], one["id"], one["change"]) for one in answer["changes"]]


async def test_a_change_says_what_happened_and_what_the_record_is_now(engine: httpx2.AsyncClient) -> None:
    begin = await page(engine, "now")
    assert begin == {"changes": [], "next": "0.0.0", "more": False}
    doctor = (await engine.post("/doctors", json=DOCTOR | {"id": "a/b"})).json()
    visit = (await engine.post("/visits", json=VISIT)).json()
    await engine.patch("/visits/1", json={"reason": "a cold"})
    await engine.delete("/doctors/a%2Fb")
    answer = await page(engine, begin["next"])
    assert told(answer) == [
        ("doctors", "a/b", "created"),
        ("visits", 1, "created"),
        ("visits", 1, "changed"),
        ("doctors", "a/b", "deleted"),
    ]
    records = [one["record"] for one in answer["changes"]]
    assert records == [None, visit | {"reason": "a cold"}, visit | {"reason": "a cold"}, None]
    assert doctor["extra"] == [1]
    versions = [one["version"] for one in answer["changes"]]
    assert versions == sorted(versions)
    assert set(answer["changes"][0]) == {"resource", "id", "change", "version", "at", "by", "record"}
    assert await page(engine, answer["next"]) == {"changes": [], "next": answer["next"], "more": False}


async def test_who_begins_without_a_cursor_begins_with_the_first(engine: httpx2.AsyncClient) -> None:
    await engine.post("/visits", json=VISIT)
    assert told(await page(engine)) == told(await page(engine, "0.0.0")) == [("visits", 1, "created")]


async def test_an_id_from_before_they_were_numbers_is_told_as_it_was(engine: httpx2.AsyncClient, table: Table) -> None:
    await engine.post("/visits", json=VISIT)
    table.execute(
        "INSERT INTO changes (resource, place, op, id, who, old)"
        """ VALUES ('visits', 1, 'D', '3e3a', 'me', '{"id": "3e3a"}')"""
    )
    answer = await page(engine, "0.0.1")
    assert told(answer) == [("visits", "3e3a", "deleted"), ("visits", 1, "created")]
    assert answer["changes"][0]["record"] is None
    of_others = "What is on record of this visit is of other fields than it has now: only the table changes has it."
    for path in ("history", "history/0"):
        history = await engine.get(f"/visits/3e3a/{path}")
        assert (history.status_code, history.json()["detail"]) == (404, of_others)
    assert (await engine.get("/visits/3e3a/history?_limit=1")).json()[0]["change"] == "deleted"


async def test_pages_follow_each_other(engine: httpx2.AsyncClient) -> None:
    for _ in range(7):
        await engine.post("/visits", json=VISIT)
    seen, since, more = [], "", True
    while more:
        answer = await page(engine, since, _limit=3)
        since, more = answer["next"], answer["more"]
        seen.append([one["id"] for one in answer["changes"]])
    assert seen == [[1, 2, 3], [4, 5, 6], [7]]


async def test_filters(engine: httpx2.AsyncClient) -> None:
    for key in ("1", "2"):
        await engine.post("/doctors", json=DOCTOR | {"id": key})
        await engine.post("/visits", json=VISIT)
    every = await page(engine)
    of_visits = await page(engine, resource="visits")
    assert told(of_visits) == [("visits", 1, "created"), ("visits", 2, "created")]
    assert told(await page(engine, id="2")) == [("doctors", "2", "created"), ("visits", 2, "created")]
    assert told(await page(engine, resource="doctors", id=["2", "nobody"])) == [("doctors", "2", "created")]
    assert told(await page(engine, resource=["doctors", "visits"])) == told(every)
    nobody = await page(engine, id="nobody\0")
    assert nobody["changes"] == []
    assert nobody["next"] == of_visits["next"] == every["next"]  # as far as it has looked


async def test_records_are_not_all_read_at_once_when_they_are_large(engine: httpx2.AsyncClient, table: Table) -> None:
    table.execute(
        "INSERT INTO visits (reason, extra) SELECT 'long', jsonb_build_object('n', string_agg(md5(concat(n, m)), ''))"
        " FROM generate_series(1, 40) n, generate_series(1, 20000) m GROUP BY n ORDER BY n"
    )
    small = await engine.get("/changes?_limit=1", headers={"Accept-Encoding": "gzip"})
    assert (small.headers["content-encoding"], small.headers["vary"]) == ("gzip", "Accept-Encoding, Accept")
    first = await engine.get("/changes", headers={"Accept-Encoding": "identity"})
    ids, answer = [one["id"] for one in first.json()["changes"]], first.json()
    assert len(first.content) < LIST_BYTES + 700_000
    assert answer["more"]
    while answer["more"]:
        answer = await page(engine, answer["next"])
        ids += [one["id"] for one in answer["changes"]]
    assert ids == list(range(1, 41))


async def test_a_transaction_by_hand_is_told_when_it_is_over_and_holds_up_what_began_later(
    engine: httpx2.AsyncClient, table: Table, database_url: str
) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("INSERT INTO visits (reason) VALUES ('by hand')")
        await engine.post("/visits", json=VISIT)
        assert (await page(engine))["changes"] == []
        other.commit()
    assert [one["by"] for one in (await page(engine))["changes"]] == ["database:patients", "anonymous"]


async def test_a_wait_ends_with_the_first_change(engine: httpx2.AsyncClient) -> None:
    begin = await page(engine, "now")
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(page(engine, begin["next"], _wait=40, resource="visits"))
        await asyncio.sleep(0.3)
        await engine.post("/doctors", json=DOCTOR)
        await engine.post("/visits", json=VISIT)
        answer = await waiting
    assert told(answer) == [("visits", 1, "created")]
    assert await page(engine, answer["next"], _wait=0.2) == {"changes": [], "next": answer["next"], "more": False}


async def test_a_wait_ends_with_a_change_of_somebody_else(engine: httpx2.AsyncClient, table: Table) -> None:
    async with asyncio.timeout(20):
        waiting = asyncio.create_task(page(engine, "now", _wait=40))
        await asyncio.sleep(0.3)
        table.execute("INSERT INTO visits (reason) VALUES ('by hand')")
        assert told(await waiting) == [("visits", 1, "created")]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("_since=x", "_since"),
        ("_since=1.2", "_since"),
        ("_since=1.2.3.4", "_since"),
        ("_since=-1.2.3", "_since"),
        ("_since=1.9223372036854775808.1", "_since"),
        ("_since=2147483648.1.1", "_since"),
        ("_since=%D9%A1.1.1", "_since"),
        ("_limit=0", "_limit"),
        ("_limit=x", "_limit"),
        ("_limit=-1", "_limit"),
        ("_limit=1.5", "_limit"),
        ("_wait=nan", "_wait"),
        ("_wait=-1", "_wait"),
        ("resource=nothing", "resource"),
        ("resource=visits&resource=%00", "resource"),
    ],
)
async def test_what_cannot_be_understood_is_named(engine: httpx2.AsyncClient, query: str, named: str) -> None:
    answer = await engine.get(f"/changes?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [named])


async def test_a_garbled_last_event_id_is_named(engine: httpx2.AsyncClient) -> None:
    answer = await engine.get("/changes", headers={"Accept": "text/event-stream", "Last-Event-ID": "x"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Last-Event-ID"])


@pytest.mark.parametrize("cursor", ["1.1.1", "1.9223372036854775807.1", "7.7.7"])
async def test_a_cursor_that_is_not_on_record_is_gone(engine: httpx2.AsyncClient, cursor: str) -> None:
    """Of before the journal was cut, or of the future, as after a restore."""
    await engine.post("/visits", json=VISIT)
    answer = await engine.get("/changes", params={"_since": cursor})
    assert (answer.status_code, "_since=now" in answer.json()["detail"]) == (410, True)


async def test_a_journal_that_was_cut_says_so_to_who_knew_it_whole(database_url: str, table: Table) -> None:
    async with served(database_url, changes_keep_days=7) as engine:
        begin = (await page(engine, "now"))["next"]
        for _ in range(3):
            await engine.post("/visits", json=VISIT)
        assert len((await page(engine, begin))["changes"]) == 3
        first, *rest = [(await page(engine, _limit=limit))["next"] for limit in (1, 2, 3)]
        table.execute("UPDATE changes SET at = at - make_interval(days => 8) WHERE id IN ('1', '2')")
        table.execute("DELETE FROM changes WHERE id = '1'")
        assert [(await engine.get(f"/changes?_since={since}")).status_code for since in (begin, first)] == [410, 410]
        ids = [[one["id"] for one in (await page(engine, since))["changes"]] for since in (*rest, "")]
        assert ids == [[3], [], [2, 3]]


async def test_more_than_the_most_is_the_most(engine: httpx2.AsyncClient, table: Table) -> None:
    table.execute("INSERT INTO visits (reason) SELECT 'many' FROM generate_series(1, 1200)")
    answer = await page(engine, _limit=100_000)
    assert (len(answer["changes"]), answer["more"]) == (CHANGES_MOST, True)
    assert len((await page(engine))["changes"]) == 500


async def test_head_waits_for_nothing(engine: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(20):
        for accept in ("application/json", "text/event-stream"):
            answer = await engine.head("/changes?_since=now&_wait=40", headers={"Accept": accept})
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-type"].startswith(accept)


async def test_names_with_line_ends_stay_inside_of_their_text(engine: httpx2.AsyncClient, table: Table) -> None:
    table.execute("SELECT set_config('app.who', E'an\\r\\ndata: \"x\"\\nid: 1.1.1', false)")
    table.execute("INSERT INTO doctors (id, name, fee, accepting) VALUES (E'a\\r\\n\\nb', 'x', 1, true)")
    answer = await engine.get("/changes")
    [change] = answer.json()["changes"]
    assert (change["id"], change["by"]) == ("a\r\n\nb", 'an\r\ndata: "x"\nid: 1.1.1')
    assert b"\r" not in answer.content
    assert b"\n" not in answer.content


async def test_a_journal_of_another_cluster_is_not_told_in_disorder(engine: httpx2.AsyncClient, table: Table) -> None:
    """Its places are of the future here: they would hold everything up, and come in no order, without a word."""
    await engine.post("/visits", json=VISIT)
    table.execute("UPDATE changes SET place = place + 1000000000")
    answer = await engine.get("/changes")
    assert (answer.status_code, "alembic upgrade head" in answer.json()["detail"]) == (503, True)
    table.execute("ALTER TABLE changes ALTER COLUMN epoch SET DEFAULT 2")  # as that does
    await engine.post("/visits", json=VISIT)
    assert told(await page(engine)) == [("visits", 1, "created"), ("visits", 2, "created")]
    table.execute("ALTER TABLE changes ALTER COLUMN epoch SET DEFAULT 1")


async def test_metrics_say_how_far_the_feed_is_behind(database_url: str, table: Table) -> None:
    async with served(database_url, metrics=True) as engine:
        with psycopg.connect(database_url) as other:
            other.execute("INSERT INTO visits (reason) VALUES ('by hand')")
            await engine.post("/visits", json=VISIT)
            await asyncio.sleep(0.05)
            assert float(figure(await engine.get("/metrics"), "changes_lag_seconds")) > 0
        assert figure(await engine.get("/metrics"), "changes_lag_seconds") == "0.0"
        assert figure(await engine.get("/metrics"), "changes_streams") == "0.0"


def figure(answer: httpx2.Response, name: str) -> str:
    return next(line.split()[1] for line in answer.text.splitlines() if line.startswith(f"{name} "))
