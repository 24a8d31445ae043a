"""The steps of docs/architecture.md, followed to the letter in a copy of the tree, lead where it says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from tests.commands import ran
from tests.docs.conftest import Sandbox
from tests.docs.pages import DOCS
from tests.patients import patient
from tests.servers import UNMEASURED, Server

PAGE = DOCS / "architecture.md"
PATIENT = patient()


def alembic(folder: Path, dsn: str, *arguments: str) -> str:
    done = ran("-m", "alembic", *arguments, folder=folder, **UNMEASURED, DATABASE_URL=dsn)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def serving(folder: Path, dsn: str) -> Iterator[httpx2.Client]:
    """The copy's server: not this process's code."""
    settings = {"DATABASE_URL": dsn, "PORT": "{port}", "LOG_LEVEL": "WARNING"}
    with Server([sys.executable, "-m", "app"], folder, settings) as server, httpx2.Client(base_url=server.url) as http:
        yield http


def test_a_field_is_added(sandbox: Sandbox, database_url: str) -> None:
    backend = sandbox.root / "backend"
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO patients VALUES (DEFAULT, '1', 'P0', 'a', 1, 'Other', 'b', '2024-01-01')")
        connection.execute(_HAS_IT_ALREADY)

    _follow(sandbox, "## How to add a field")
    alembic(backend, database_url, "upgrade", "head")
    assert "No new upgrade operations" in alembic(backend, database_url, "check")

    with serving(backend, database_url) as http:
        assert http.post("/patients", json=PATIENT).json()["errors"] == {"bloodGroup": "is required"}
        assert http.post("/patients", json=PATIENT | {"bloodGroup": "C"}).status_code == 400
        assert http.post("/patients", json=PATIENT | {"bloodGroup": "AB"}).status_code == 201
        assert http.patch("/patients/2", json={"bloodGroup": "O"}).text.count("bloodGroup") == 1
        found = [[row["bloodGroup"] for row in http.get(f"/patients?{query}").json()] for query in QUERIES]
        assert "bloodGroup" in http.get("/openapi.json").json()["components"]["schemas"]["Patient"]["required"]
        assert "bloodGroup" in http.get("/", headers={"Accept": "text/html"}).text
    assert found == list(QUERIES.values())

    environment = os.environ | UNMEASURED | {"DATABASE_URL": database_url}
    scripts = (
        [sys.executable, "scripts/export_db_json.py", "out.json"],
        [sys.executable, "scripts/migrate_db_json.py", "out.json"],
    )
    for script in scripts:
        subprocess.run(script, cwd=backend, env=environment, check=True, capture_output=True)
    exported = json.loads((backend / "out.json").read_text())["patients"]
    assert [row["bloodGroup"] for row in exported] == ["unknown", "O", "AB"]
    alembic(backend, database_url, "downgrade", "-1")
    with psycopg.connect(database_url) as connection:
        undeclared = connection.execute("SELECT extra->>'bloodGroup' FROM patients ORDER BY position").fetchall()
    assert undeclared == [("unknown",), ("O",), ("AB",)]


_HAS_IT_ALREADY = """
    INSERT INTO patients VALUES (DEFAULT, '2', 'P2', 'a', 1, 'Other', 'b', '2024-01-01', '{"bloodGroup": "B", "x": 1}')
"""
QUERIES: dict[str, Any] = {
    "": ["unknown", "O", "AB"],
    "bloodGroup=AB": ["AB"],
    "bloodGroup_ne=AB": ["unknown", "O"],
    "_sort=bloodGroup&_order=asc": ["AB", "O", "unknown"],
    "x=1": ["O"],
    "q=unkn": ["unknown"],
}


def test_a_resource_is_added(sandbox: Sandbox, database_url: str) -> None:
    backend = sandbox.root / "backend"
    commands = _follow(sandbox, "## How to add a resource")
    done = sandbox.bash(f"export DATABASE_URL='{database_url}'\n{commands}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No new upgrade operations" in alembic(backend, database_url, "check")
    linted = sandbox.bash("cd backend && .venv/bin/ruff format -q . && .venv/bin/ruff check -q . && .venv/bin/mypy app")
    assert linted.returncode == 0, linted.stdout + linted.stderr
    doctor = {"name": "Ìfẹ́ Òjó", "fee": 120.5, "accepting": True, "since": "2020-01-31"}
    with serving(backend, database_url) as http:
        assert http.post("/patients", json=PATIENT).status_code == 201
        made = [http.post("/doctors", json={"id": str(number), **doctor, "fee": number}) for number in range(12)]
        assert {answer.status_code for answer in made} == {201}
        assert http.get("/doctors/1").json() == {"id": "1", **doctor, "fee": 1}
        assert http.patch("/doctors/1", json={"since": None, "accepting": "false"}).json() == {
            "id": "1",
            "name": "Ìfẹ́ Òjó",
            "fee": 1,
            "accepting": False,
            "since": None,
        }
        found = {query: [int(row["id"]) for row in http.get(f"/doctors?{query}").json()] for query in DOCTORS}
        assert http.get("/doctors?accepting=true&_page=2&_per_page=5").json()["items"] == 11
        assert http.post("/doctors", json={"fee": -1}).json()["errors"] == {
            "name": "is required",
            "fee": "must be at least 0",
            "accepting": "is required",
        }
        assert http.get("/doctors/x").json()["detail"] == "There is no doctor with this id."
        assert http.post("/doctors", json={"id": "1", **doctor}).json()["errors"] == {
            "id": "is already used by another doctor"
        }
        shapes = http.get("/openapi.json").json()["components"]["schemas"]
        assert {"Doctor", "DoctorCreate", "DoctorReplace", "DoctorPatch", "DoctorPage", "Patient"} <= shapes.keys()
        assert "/doctors" in http.get("/", headers={"Accept": "text/html"}).text
        assert [one["count"] for one in http.get("/").json()["resources"]] == [1, 12]
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("ALTER TABLE doctors DROP COLUMN fee")
        assert http.get("/health").status_code == 503
    assert found == DOCTORS
    alembic(backend, database_url, "downgrade", "-1")


DOCTORS = {
    "fee_gte=10": [10, 11],
    "fee=3&fee=4": [3, 4],
    "accepting=false": [1],
    "accepting_ne=true": [1],
    "since_gte=2020&_limit=2": [0, 2],
    "since_like=^2020-01&fee_lte=3": [0, 2, 3],
    "_sort=fee&_order=desc&_limit=3": [11, 10, 9],
    "q=11": [11],
    "name_like=òjó&_start=10&_end=12": [10, 11],
}


def _follow(sandbox: Sandbox, heading: str) -> str:
    """What a section says: its patches, and the files that it gives whole. Returns its commands."""
    section = PAGE.read_text().partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    for patch in re.findall(r"```diff\n(.*?)```", section, re.DOTALL):
        subprocess.run(["git", "apply", "-"], cwd=sandbox.root, input=patch, text=True, check=True)
    for before, text in re.findall(r"([^\n]+(?:\n[^\n]+)*):\n\n```python\n(.*?)```", section, re.DOTALL):
        (name,) = re.findall(r"`(backend/[^`]+[.]py)`", before)
        (sandbox.root / name).write_text(text)
    return "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
