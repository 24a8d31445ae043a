"""Servers that import over HTTP, and what holds an import up in the middle."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.integration.importer.conftest import CONTENT as TEXT
from tests.integration.importer.conftest import MANY, half_way, held
from tests.servers import Measured, Server, wait_until

Table = psycopg.Connection[Any]
Job = dict[str, Any]
CONTENT = TEXT.encode()
OVER = ("done", "failed", "cancelled", "lost")

__all__ = ["MANY", "half_way", "held"]

_JSON = {"Content-Type": "application/json"}


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
