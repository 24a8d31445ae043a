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
import pytest

from tests.docs.conftest import Sandbox
from tests.docs.pages import DOCS, blocks
from tests.servers import UNMEASURED, Server

PAGE = DOCS / "architecture.md"
PATIENT = {
    "patientID": "P1",
    "name": "Zoë Ångström",
    "age": 45,
    "gender": "Female",
    "medicalCondition": "Asthma",
    "lastVisit": "2024-01-15",
}


@pytest.fixture
def empty_database(cluster: str) -> Iterator[str]:
    with psycopg.connect(cluster, autocommit=True) as admin:
        admin.execute("CREATE DATABASE doctors")
        yield cluster.replace("@/patients?", "@/doctors?")
        admin.execute("DROP DATABASE doctors WITH (FORCE)")


def alembic(folder: Path, dsn: str, *arguments: str) -> str:
    environment = os.environ | UNMEASURED | {"DATABASE_URL": dsn}
    command = [sys.executable, "-m", "alembic", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
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

    for patch in blocks(PAGE, "diff"):
        subprocess.run(["git", "apply", "-"], cwd=sandbox.root, input=patch.text, text=True, check=True)
    ((name, revision),) = re.findall(r"`(backend/alembic/[^`]+)`:\n\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (sandbox.root / name).write_text(revision)
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


def test_a_second_resource_is_added(sandbox: Sandbox, empty_database: str) -> None:
    (steps,) = [block for block in blocks(PAGE, "sh") if "doctors" in block.text]
    assert (done := sandbox.bash(steps.text)).returncode == 0, done.stderr
    folder = sandbox.root / "doctors"
    assert {path for path in folder.rglob("*atient*") if "__pycache__" not in path.parts} == set()
    alembic(folder, empty_database, "upgrade", "head")
    with serving(folder, empty_database) as http:
        doctor = {name.replace("patient", "doctor"): value for name, value in PATIENT.items()}
        made = http.post("/doctors", json=doctor)
        assert (made.status_code, made.headers["Location"]) == (201, f"/doctors/{made.json()['id']}")
        assert http.get("/doctors?doctorID=P1&_page=1&_per_page=5").json()["data"] == [made.json()]
        assert http.post("/doctors", json=doctor).json()["errors"] == {"doctorID": "is already used by another doctor"}
        assert http.get("/patients").status_code == 404
    assert os.path.exists(sandbox.root / "backend" / "app" / "models" / "patient.py")
