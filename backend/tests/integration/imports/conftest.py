"""Servers that import over HTTP, and what holds an import up in the middle."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.integration.importer.conftest import db, record
from tests.servers import Measured, Server, wait_until

Table = psycopg.Connection[Any]
Job = dict[str, Any]
OVER = ("done", "failed", "cancelled", "lost")
MANY = 3000
CONTENT = db(*map(record, range(MANY))).encode()

_JSON = {"Content-Type": "application/json"}
_HELD = "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


class Api:
    """A server, as a client of its imports has it."""

    def __init__(self, server: Server, headers: dict[str, str] | None = None) -> None:
        self.server = server
        self.http = httpx2.Client(base_url=server.url, timeout=60, headers=headers)

    def send(self, content: bytes, query: str = "", **headers: str) -> httpx2.Response:
        return self.http.post(f"/imports{query}", content=content, headers=_JSON | headers)

    def sent(self, content: bytes, query: str = "") -> Job:
        """An import that has begun."""
        answer = self.send(content, query)
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/imports/{answer.json()['id']}"
        job: Job = answer.json()
        return job

    def job(self, key: str) -> Job:
        answer = self.http.get(f"/imports/{key}")
        assert answer.status_code == 200, answer.text
        job: Job = answer.json()
        assert ("retry-after" in answer.headers) is (job["state"] not in OVER)
        return job

    def over(self, key: str) -> Job:
        wait_until(lambda: self.job(key)["state"] in OVER, 60, f"the end of {key}")
        return self.job(key)

    def done(self, content: bytes, query: str = "") -> Job:
        """An import from end to end."""
        return self.over(self.sent(content, query)["id"])

    def last(self) -> Job:
        job: Job = self.http.get("/imports").json()[0]
        return job

    def wait_for(self, *states: str) -> Job:
        wait_until(lambda: self.last()["state"] in states, 60, f"{states}")
        return self.last()


Launch = Callable[..., Api]


@pytest.fixture
def table(database_url: str) -> Iterator[Table]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE imports CASCADE")
        yield connection


@pytest.fixture
def launch(database_url: str, table: Table) -> Iterator[Launch]:
    """Start a server with these settings, on the test's database; it ends with the test."""
    apis: list[Api] = []

    def run(headers: dict[str, str] | None = None, **settings: object) -> Api:
        apis.append(Api(Measured.ours(database_url, **settings).start(), headers))
        return apis[-1]

    yield run
    for api in apis:
        api.http.close()
        if api.server.running():
            api.server.stop()


@pytest.fixture(scope="module")
def shared(module_database: str) -> Iterator[Server]:
    with Measured.ours(module_database, environment="production", access="open") as server:
        yield server


@pytest.fixture
def api(shared: Server, table: Table) -> Iterator[Api]:
    """The module's server, on empty tables."""
    api = Api(shared)
    yield api
    api.http.close()


@contextmanager
def half_way(table: Table) -> Iterator[Callable[[], object]]:
    """Who writes patient `MANY // 2` stands still there, with the table locked, until what is yielded is called."""
    body = f"BEGIN IF NEW.id = '{MANY // 2}' THEN PERFORM pg_advisory_xact_lock(7); END IF; RETURN NEW; END"
    table.execute(f"CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$".encode())
    table.execute("CREATE TRIGGER wait BEFORE INSERT ON patients FOR EACH ROW EXECUTE FUNCTION wait()")
    table.execute("SELECT pg_advisory_lock(7)")
    try:
        yield lambda: table.execute("SELECT pg_advisory_unlock(7)")
    finally:
        table.execute("SELECT pg_advisory_unlock_all()")
        table.execute("DROP FUNCTION wait CASCADE")


def held(table: Table) -> None:
    """Return once something stands still there."""
    wait_until(lambda: table.execute(_HELD).fetchone() == (True,), 60, "the import in the middle of its INSERT")


def worker(server: Server) -> int:
    """The process that imports for a server."""
    found = [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == server.process.pid]
    assert len(found) == 1
    return found[0]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kill(process: int, with_signal: int = signal.SIGKILL) -> None:
    os.kill(process, with_signal)
