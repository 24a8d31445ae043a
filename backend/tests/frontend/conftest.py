"""One frontend, built for each backend it is to work with, and served from an origin of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.resources import PATIENTS
from tests.chromium import browser, visit
from tests.npm import installed
from tests.servers import Server

__all__ = ["browser", "visit"]

FOLDER = Path(__file__).resolve().parent
OURS = "Patients API"
# Name of a json-server -> its folder in node_modules and its program there.
JSON_SERVERS = {
    "json-server 0.17.4": ("json-server-0.17", "lib/cli/bin.js"),
    "json-server 1.0.0-beta.3": ("json-server-beta.3", "lib/bin.js"),
}
ZOE = {
    "id": "3e3a",
    "patientID": "P001",
    "name": "Zoë Ångström",
    "age": 45,
    "gender": "Female",
    "medicalCondition": "Asthma",
    "lastVisit": "2024-01-15",
}


@pytest.fixture(scope="session")
def modules() -> Path:
    return installed(FOLDER)


@pytest.fixture(params=[OURS, *JSON_SERVERS])
def backend(request: pytest.FixtureRequest, modules: Path, tmp_path: Path) -> Iterator[Server]:
    """A running server with one patient in it: this one, and those it stands in for."""
    if request.param == OURS:
        server = _patients_api(request.getfixturevalue("database_url"))
    else:
        server = _json_server(modules.joinpath(*JSON_SERVERS[request.param]), tmp_path)
    with server:
        yield server


@pytest.fixture
def frontend(backend: Server, modules: Path, tmp_path: Path) -> Iterator[Server]:
    """The page, built for the backend by nothing but VITE_API_BASE_URL, on an origin of its own."""
    folder = tmp_path / "dist"
    vite = str(modules / "vite/bin/vite.js")
    command = ["node", vite, "build", "--logLevel", "error", "--outDir", str(folder)]
    subprocess.run(command, cwd=FOLDER, env={**os.environ, "VITE_API_BASE_URL": backend.url}, check=True)
    with Server([sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1"], folder, {}) as running:
        yield running


def _patients_api(dsn: str) -> Server:
    names, values = ", ".join(PATIENTS.columns[1:-1]), ", ".join(f"%({name})s" for name in PATIENTS.fields)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"INSERT INTO patients ({names}) VALUES ({values})".encode(), ZOE)
    return Server.ours(dsn)


def _json_server(program: Path, folder: Path) -> Server:
    (file := folder / "db.json").write_text(json.dumps({"patients": [ZOE]}))
    return Server.json_server(program, file)
