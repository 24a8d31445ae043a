"""Through a real transaction-mode pooler: requests and imports that take another connection for each transaction."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.config import BACKEND
from tests import patients
from tests.integration.faults.pooler import pooler
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import Answer, ask
from tests.servers import UNMEASURED, Server

Launch = Callable[..., Server]


@pytest.fixture
def pooled(postgres: Postgres, tmp_path: Path) -> Iterator[str]:
    with pooler(postgres.port, tmp_path) as dsn:
        yield dsn


def test_many_requests_share_two_connections(pooled: str, launch: Launch) -> None:
    server = launch(dsn=pooled, db_pooled=True, db_pool_size=10)
    for turn in range(4):  # more often than a statement is sent before psycopg prepares it
        posts = [("POST", "/patients", patient(turn * 50 + number)) for number in range(50)]
        assert {answer.status for answer in at_once(server, posts)} == {201}
    reads = [("GET", f"/patients/p{number}", None) for number in range(200)]
    patches = [("PATCH", f"/patients/p{number}", {"age": 7}) for number in range(200)]
    lists = [("GET", f"/patients?_sort=name&_page={page}", None) for page in range(1, 20)]
    assert {answer.status for answer in at_once(server, reads + patches + lists)} == {200}
    assert {row["age"] for row in ask(server.port, "GET", "/patients").json()} == {7}


def test_an_import_needs_no_session(pooled: str, postgres: Postgres) -> None:
    command = [sys.executable, "scripts/migrate_db_json.py", str(BACKEND.parent / "db.json"), "--quiet"]
    environment = os.environ | {"DATABASE_URL": pooled} | UNMEASURED
    for _ in range(2):
        assert subprocess.run(command, cwd=BACKEND, env=environment, check=False).returncode == 0
    with postgres.connect() as connection:
        assert connection.execute("SELECT count(*) FROM patients").fetchone() == (30,)


def at_once(server: Server, requests: list[tuple[str, str, Any]]) -> list[Answer]:
    with ThreadPoolExecutor(16) as clients:
        return list(clients.map(lambda request: ask(server.port, *request), requests))


def patient(number: int) -> dict[str, object]:
    return patients.patient(number, id=f"p{number}", name=f"Secretia {number}", medicalCondition="Morbus")
