"""GET /exports: the db.json that was imported comes back, whatever its size; half of one never looks like a whole."""

import http.client
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse

import pytest

from app.config import BACKEND
from app.limits import EXPORTS
from tests.integration.imports.conftest import Api, Launch, Table, worker
from tests.servers import Server, wait_until

SEED = BACKEND.parent / "db.json"
_FILL = """INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)
    SELECT n, n, 'Somebody', 45, 'Other', 'Asthma', '2024-01-15' FROM generate_series(1, %s) n"""


def test_what_was_imported_comes_back_byte_for_byte(api: Api) -> None:
    assert api.http.get("/exports").content == b'{\n  "patients": []\n}\n'
    api.done(SEED.read_bytes())
    answer = api.http.get("/exports")
    assert answer.content == SEED.read_bytes()
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="db.json"'


def test_memory_does_not_grow_with_the_table(launch: Launch, table: Table) -> None:
    api = launch()
    api.http.get("/exports")
    before = api.server.rss()
    table.execute(_FILL, [60_000])
    answer = api.http.get("/exports")
    assert answer.content.count(b'"id"') == 60_000
    assert len(answer.content) > 11_000_000
    assert api.server.rss() - before < 6


@contextmanager
def begun(server: Server) -> Iterator[HTTPResponse]:
    """An export whose first bytes were read, and no more than that."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/exports")
    answer = connection.getresponse()
    answer.read(100)
    yield answer
    answer.close()
    connection.close()


def test_who_reads_slowly_holds_up_nobody_and_who_goes_leaves_nothing(launch: Launch, table: Table) -> None:
    api = launch()
    table.execute(_FILL, [60_000])
    with begun(api.server) as first, begun(api.server) as second:
        assert [answer.status for answer in (first, second)] == [200] * EXPORTS
        answer = api.http.get("/exports")
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert len(api.http.get("/patients?_limit=5").json()) == 5
    wait_until(lambda: api.http.get("/exports").status_code == 200, 30, "room for another")


def test_an_export_that_fails_in_the_middle_is_cut_off(launch: Launch, table: Table) -> None:
    api = launch()
    table.execute(_FILL, [60_000])
    with begun(api.server) as answer:
        os.kill(worker(api.server), signal.SIGKILL)
        with pytest.raises((http.client.HTTPException, OSError)):
            answer.read()


def lines(server: Server) -> list[str]:
    """What the log has of exports."""
    return [line for line in server.said.splitlines() if "GET /exports" in line]


def test_the_log_says_of_an_export_that_it_did_not_come_to_its_end(launch: Launch, table: Table) -> None:
    """Its status went out before: somebody may have half a file."""
    api = launch(log_level="INFO", shutdown_timeout=1)
    assert api.http.get("/exports").status_code == 200
    table.execute(_FILL, [60_000])
    with begun(api.server):
        pass
    wait_until(lambda: len(lines(api.server)) == 2, 30, "the line of the one whose client has gone")
    with begun(api.server) as answer:
        assert api.server.stop() == 0
        with pytest.raises((http.client.HTTPException, OSError)):
            answer.read()
    assert [" GET /exports 200 cut " in line for line in lines(api.server)] == [False, True, True]


def test_without_a_table_nothing_begins(bare_database: str) -> None:
    with Server.ours(bare_database) as server:
        assert server.status("/exports") == 503
