"""What may happen to an import over HTTP: nothing is half done, and what its job says is true."""

import os
import re
import resource
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from app.errors import Stopping
from tests.integration.importer.conftest import count, db, record
from tests.servers import Server, wait_until

from .conftest import CONTENT, MANY, OVER, Api, Launch, Table, half_way, held, kill, worker

_HEAD = b"POST /imports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_WAITS = """SELECT count(*) > 0 FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE imports SET running = NULL, state%'"""
_SOME = db(record(1)).encode()


@contextmanager
def half_sent(api: Api, content: bytes = CONTENT) -> Iterator[socket.socket]:
    """A client that has sent half of a file; its job is `receiving`."""
    with socket.create_connection(("127.0.0.1", api.server.port), timeout=60) as client:
        client.sendall(_HEAD % len(content) + content[: len(content) // 2])
        wait_until(lambda: api.http.get("/imports").json() and api.last()["state"] == "receiving", 30, "a job")
        yield client


def answer_on(client: socket.socket) -> tuple[int, str]:
    """The status, and all that was answered."""
    said = b""
    while b"\r\n\r\n" not in said or not said.rstrip().endswith(b"}"):
        piece = client.recv(1 << 16)
        assert piece, said
        said += piece
    return int(said.split()[1]), said.decode()


def test_a_client_that_goes_half_way_leaves_nothing(api: Api, table: Table) -> None:
    with half_sent(api):
        assert nameless(api.server) == 1
    job = api.wait_for(*OVER)
    assert (job["state"], job["detail"].partition(".")[0]) == (
        "failed",
        "The client went away before all of the file had come",
    )
    wait_until(lambda: nameless(api.server) == 0, 10, "its file is gone")
    assert count(table) == 0
    assert api.done(_SOME)["state"] == "done"


def nameless(server: Server) -> int:
    """How many files it has open that have no name any more, or never had one."""
    links = (os.readlink(one) for one in Path(f"/proc/{server.process.pid}/fd").iterdir())
    return sum(link.endswith("(deleted)") and not link.startswith("/tmp/server-") for link in links)


def test_the_bytes_that_have_come_are_told_each_second(api: Api, table: Table) -> None:
    with half_sent(api) as client:
        wait_until(lambda: api.last()["done"] == len(CONTENT) // 2, 30, "so many bytes")
        assert (api.last()["total"], api.last()["bytes"]) == (len(CONTENT), 0)
        client.sendall(CONTENT[len(CONTENT) // 2 :])
        assert answer_on(client)[0] == 202
    assert api.wait_for("done")["bytes"] == len(CONTENT)


def test_who_is_slow_may_be_slow_and_who_drips_may_not(launch: Launch, table: Table) -> None:
    """RECEIVE_TIMEOUT is 1 second: the file takes three, at more than 1 KiB a second, and then at less."""
    api = launch(receive_timeout=1)
    content = db(*map(record, range(60))).encode()
    assert len(content) > 9_000
    assert _dripped(api, content, 300, 0.1)[0] == 202
    assert api.wait_for("done")["records"] == 60
    status, said = _dripped(api, content, 20, 0.1)
    assert (status, "did not arrive in time" in said) == (408, True)
    assert api.wait_for(*OVER)["state"] == "failed"


def _dripped(api: Api, content: bytes, size: int, pause: float) -> tuple[int, str]:
    with socket.create_connection(("127.0.0.1", api.server.port), timeout=60) as client:
        client.sendall(_HEAD % len(content))
        with ThreadPoolExecutor(1) as reader:
            answer = reader.submit(answer_on, client)
            for at in range(0, len(content), size):
                if answer.done():
                    break
                client.sendall(content[at : at + size])
                time.sleep(pause)
            return answer.result(60)


def test_elsewhere_a_request_is_here_in_time_or_not_at_all(launch: Launch) -> None:
    api = launch(receive_timeout=1)
    with socket.create_connection(("127.0.0.1", api.server.port), timeout=60) as client:
        head = _HEAD.replace(b"/imports", b"/patients") % 100_000
        client.sendall(head)
        with ThreadPoolExecutor(1) as reader:
            answer = reader.submit(answer_on, client)
            while not answer.done():
                client.sendall(b" " * 1000)
                time.sleep(0.05)
            assert answer.result()[0] == 408


def test_one_at_a_time_whichever_server(api: Api, launch: Launch, table: Table) -> None:
    other = launch()
    with half_way(table) as go_on:
        first = api.sent(CONTENT)["id"]
        held(table)
        for second in (api, other):
            answer = second.send(_SOME)
            assert (answer.status_code, "retry-after" in answer.headers) == (409, True)
            assert first in answer.json()["detail"]
        wait_until(lambda: other.job(first)["state"] == "settling", 20, "it is told within a second")
        assert [job["id"] for job in other.http.get("/imports").json()] == [first]
        go_on()
        assert other.over(first)["state"] == "done"
    assert other.http.get(f"/imports/{first}/rejects").json() == {"patients": []}
    assert other.done(CONTENT)["report"]["totals"]["unchanged"] == MANY


def test_who_reads_goes_on_and_who_writes_is_asked_to_come_back(api: Api, table: Table) -> None:
    api.done(db(record(9999)).encode())
    with half_way(table) as go_on:
        key = api.sent(CONTENT)["id"]
        held(table)
        assert [one["id"] for one in api.http.get("/patients").json()] == ["9999"]
        answer = api.http.patch("/patients/9999", json={"age": 7})
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        go_on()
        assert api.over(key)["state"] == "done"
    assert api.http.patch("/patients/9999", json={"age": 7}).status_code == 200
    assert count(table) == MANY + 1


def test_one_that_works_may_be_cancelled_by_any_server(api: Api, launch: Launch, table: Table) -> None:
    other = launch()
    for canceller in (api, other):
        with half_way(table):
            key = api.sent(CONTENT)["id"]
            held(table)
            answer = canceller.http.delete(f"/imports/{key}")
            assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
            wait_until(partial(_free, table), 20, "the table is free, though what held it up still stands")
        assert (api.job(key)["state"], count(table)) == ("cancelled", 0)
        again = api.http.delete(f"/imports/{key}")
        assert (again.status_code, again.headers["content-type"]) == (409, "application/problem+json")
    assert api.done(CONTENT)["state"] == "done"


def _free(table: Table) -> bool:
    locked = "SELECT FROM pg_locks WHERE relation = 'patients'::regclass AND mode = 'ShareRowExclusiveLock'"
    return table.execute(locked).fetchone() is None


def test_one_whose_file_is_on_its_way_may_be_cancelled(api: Api, table: Table) -> None:
    with half_sent(api) as client:
        assert api.http.delete(f"/imports/{api.last()['id']}").json()["state"] == "cancelled"
        time.sleep(1.5)  # within a second its server has learned of it
        client.sendall(CONTENT[len(CONTENT) // 2 :])
        assert answer_on(client)[0] == 409
    assert (api.last()["state"], count(table)) == ("cancelled", 0)


def test_one_that_is_done_cannot_be_cancelled(api: Api, table: Table) -> None:
    key = api.done(_SOME)["id"]
    assert api.http.delete(f"/imports/{key}").status_code == 409
    assert (api.job(key)["state"], count(table)) == ("done", 1)


def test_a_server_that_is_killed_while_a_file_comes_loses_it(launch: Launch, table: Table) -> None:
    """After 15 seconds without a word, which are made to have passed."""
    api = launch()
    with half_sent(api):
        kill(api.server.process.pid)
        api.server.process.wait(30)
    other = launch()
    assert other.last()["state"] == "receiving"
    assert other.send(_SOME).status_code == 409
    table.execute("UPDATE imports SET seen = seen - interval '16 seconds'")
    assert other.done(_SOME)["state"] == "done"
    lost = other.http.get("/imports").json()[1]
    assert (lost["state"], lost["detail"]) == (
        "lost",
        "The server that worked on it is gone. Nothing was changed: send it again.",
    )


@pytest.mark.parametrize("state", ["reading", "settling"])
def test_a_server_that_is_killed_while_it_imports_loses_it_at_once(launch: Launch, table: Table, state: str) -> None:
    api, other = launch(), launch()
    with half_way(table):
        content = CONTENT if state == "settling" else db(*map(record, range(60_000))).encode()
        key = api.sent(content)["id"]
        if state == "settling":
            held(table)
        wait_until(lambda: worker(api.server), 10, "its process")
        kill(api.server.process.pid)
        api.server.process.wait(30)
        assert other.over(key)["state"] == "lost"
    wait_until(partial(_free, table), 20, "the table is free")
    assert count(table) == 0
    assert other.done(CONTENT)["report"]["totals"]["migrated"] == MANY


def test_a_process_that_is_killed_fails_its_import(api: Api, table: Table) -> None:
    with half_way(table) as go_on:
        key = api.sent(CONTENT)["id"]
        held(table)
        kill(worker(api.server))
        job = api.over(key)
        go_on()
    assert (job["state"], job["detail"].partition(".")[0]) == ("failed", "The process that worked on it has ended")
    wait_until(partial(_free, table), 20, "PostgreSQL has noticed")
    assert count(table) == 0


def test_one_that_was_given_up_as_lost_never_comes_in(api: Api, table: Table) -> None:
    """Its process stands still for longer than it may, and goes on afterwards."""
    with half_way(table) as go_on:
        key = api.sent(CONTENT)["id"]
        held(table)
        kill(process := worker(api.server), signal.SIGSTOP)
        table.execute("UPDATE imports SET seen = seen - interval '16 seconds'")
        assert api.job(key)["state"] == "lost"
        go_on()
        kill(process, signal.SIGCONT)
        wait_until(partial(_free, table), 20, "it has ended")
    assert (api.job(key)["state"], count(table)) == ("lost", 0)


@pytest.mark.parametrize("state", ["receiving", "settling"])
def test_a_stop_cancels_what_is_under_way(launch: Launch, table: Table, state: str) -> None:
    api, other = launch(shutdown_timeout=2), launch()
    with half_way(table):
        if state == "settling":
            key = api.sent(CONTENT)["id"]
            held(table)
            assert api.server.stop() == 0
        else:
            with half_sent(api) as client:
                key = api.last()["id"]
                api.server.process.send_signal(signal.SIGTERM)
                assert answer_on(client)[0] == 503
            assert api.server.process.wait(30) == 0
        job = other.over(key)
        assert (job["state"], job["detail"]) == ("cancelled", Stopping.detail)
        assert (_free(table), count(table)) == (True, 0)


def test_a_disk_without_room_is_told(launch: Launch, table: Table) -> None:
    """The system lets no file of the server grow beyond a megabyte."""
    api, limit = launch(), 1 << 20
    resource.prlimit(api.server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    answer = api.send(b" " * limit + _SOME)
    assert (answer.status_code, answer.headers["content-type"]) == (507, "application/problem+json")
    assert (api.last()["state"], api.last()["detail"]) == ("failed", answer.json()["detail"])
    assert api.done(_SOME)["state"] == "done"


def test_the_database_may_be_away(launch: Launch, bare_database: str) -> None:
    """One without the tables: a schema that was not brought up to date."""
    with Server.ours(bare_database) as server:
        api = Api(server)
        for answer in (
            api.send(_SOME),
            api.http.get("/imports"),
            api.http.get("/imports/x"),
            api.http.delete("/imports/x"),
        ):
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        api.http.close()
    assert not re.search("Zoë|Asthma", server.said)


def test_a_server_that_is_killed_at_the_commit_has_done_it_or_not(launch: Launch, table: Table) -> None:
    """Somebody holds the job's row, so that the import stands still before its last word, with everything written."""
    api, other = launch(), launch()
    with half_way(table) as go_on:
        key = api.sent(CONTENT)["id"]
        held(table)
        with psycopg.connect(table.info.dsn) as holder:
            holder.execute("SELECT FROM imports FOR NO KEY UPDATE")
            go_on()
            wait_until(lambda: table.execute(_WAITS).fetchone() == (True,), 60, "the import's last word")
            kill(api.server.process.pid)
            api.server.process.wait(30)
    job = other.over(key)
    wait_until(partial(_free, table), 20, "it has ended")
    assert (job["state"], count(table)) in {("done", MANY), ("lost", 0)}
