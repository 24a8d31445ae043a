"""One DATABASE_URL means the same to the migrations, the import, the server and the export."""

import io
import json

import psycopg
import pytest

from app.config import BACKEND
from app.exporter import export
from app.importer.frame import alone
from app.importer.run import import_file
from app.resources import RESOURCES
from tests.integration.processes import PATIENT, serving
from tests.integration.test_migrations import alembic

SEED = BACKEND.parent / "db.json"
OWN_SCHEMA = "-csearch_path%3Dclinic"


@pytest.fixture
def clinic(database_url: str) -> str:
    """A database that has patients in `public` and a schema of its own for others."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS clinic CASCADE; CREATE SCHEMA clinic")
    return database_url


@pytest.mark.parametrize("pooled", [False, True])
def test_a_schema_of_ones_own_is_everybodys(clinic: str, pooled: bool) -> None:
    url = f"{clinic}&options={OWN_SCHEMA}"
    assert (migrated := alembic(url, "upgrade", "head")).returncode == 0, migrated.stderr
    assert import_file(SEED, url, RESOURCES).totals["migrated"] == 30
    with serving(DATABASE_URL=url, DB_POOLED=pooled) as server:
        assert "30 patients" in server.said
        assert len(server.patients()) == 30
        assert server.http.post("/patients", json=PATIENT).status_code == 201
    assert export(url, file := io.BytesIO(), RESOURCES, alone(["patients"])) == {"patients": 31}
    assert len(json.loads(file.getvalue())["patients"]) == 31
    with psycopg.connect(clinic) as connection:
        counts = "SELECT (SELECT count(*) FROM public.patients), (SELECT count(*) FROM clinic.patients)"
        assert connection.execute(counts).fetchone() == (0, 31)


def test_libpqs_own_variable_is_heard_too(clinic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-csearch_path=clinic")
    assert alembic(clinic, "upgrade", "head").returncode == 0
    with serving(DATABASE_URL=clinic) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
    with psycopg.connect(clinic) as connection:
        assert connection.execute("SELECT count(*) FROM clinic.patients").fetchone() == (1,)
