"""`make declare` and its revisions in this process, on a checkout beside it."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from app import config
from app.declaring import plan, writing
from app.declaring.collections import Refused
from app.declaring.rows import demand_no_loss
from app.resources import RESOURCES
from tests.checkout import clone
from tests.commands import ran
from tests.patients import patient

OTHERS = {"patients": [{"id": 1, "firstName": "Ada", "day": "2024-01-15", "tags": []}], "theme": {}}
MORE = {"patients": [patient() | {"e mail": "a@example.org", "beds": [2]}]}


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The checkout's, which is the one that is written to."""
    there = clone(tmp_path / "checkout")
    monkeypatch.setattr(plan, "BACKEND", there)
    monkeypatch.setattr(writing, "BACKEND", there)
    return there


@pytest.fixture
def dsn(own_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DATABASE_URL", own_database)
    return own_database


def migrations(backend: Path, dsn: str) -> Config:
    config = Config(backend / "alembic.ini")
    config.attributes["dsn"] = dsn
    return config


def declared(backend: Path, document: Any) -> plan.Plan:
    """What `scripts/declare.py` does but for what it says. Raises `Refused`."""
    file = backend.parent.parent / "their.json"
    file.write_text(json.dumps(document))
    planned = plan.plan(file, [], RESOURCES)
    if planned.declared:
        writing.demand_committed(planned.files)
        assert demand_no_loss(planned.changes, config.load()) == ""
        writing.write(writing.finished(planned.files))
    return planned


def test_a_table_of_others_takes_the_place_of_an_empty_one(backend: Path, dsn: str) -> None:
    planned = declared(backend, OTHERS)
    assert [(one.path, one.reason) for one in planned.left] == [("theme", "it is an object")]
    with pytest.raises(Refused, match="There are uncommitted changes in backend/"):
        declared(backend, OTHERS)
    command.upgrade(migrations(backend, dsn), "head")
    command.downgrade(migrations(backend, dsn), "-1")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO patients VALUES (1, '1', 'P0', 'a', 1, 'Other', 'b', '2024-01-01')")
    with pytest.raises(RuntimeError, match="patients has records, and they would lose fields"):
        command.upgrade(migrations(backend, dsn), "head")


def test_a_table_with_more_columns_keeps_its_records(backend: Path, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = ["1", "P1", json.dumps({"e mail": "b@example.org", "beds": 1, "x": 1})]
        connection.execute("INSERT INTO patients VALUES (1, %s, %s, 'a', 1, 'Other', 'b', '2024-01-01', %s)", row)
        declared(backend, MORE)
        command.upgrade(migrations(backend, dsn), "head")
        found = connection.execute("SELECT e_mail, beds, extra FROM patients").fetchall()
        assert found == [("b@example.org", 1, {"x": 1})]
        command.downgrade(migrations(backend, dsn), "-1")
        assert connection.execute("SELECT extra FROM patients").fetchall() == [(json.loads(row[2]),)]


def test_a_value_of_another_type_stops_the_revision(backend: Path, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = ["1", "P1", json.dumps({"e mail": 3})]
        connection.execute("INSERT INTO patients VALUES (1, %s, %s, 'a', 1, 'Other', 'b', '2024-01-01', %s)", row)
    declared(backend, MORE)
    with pytest.raises(RuntimeError, match="the e mail of some records is no string"):
        command.upgrade(migrations(backend, dsn), "head")


def test_records_that_would_lose_a_field_are_found(backend: Path, dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO patients VALUES (1, '1', 'P0', 'a', 1, 'Other', 'b', '2024-01-01')")
    with pytest.raises(Refused, match="The table patients has records, which would lose id, patient_id"):
        declared(backend, OTHERS)


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(backend: Path, dsn: str) -> None:
    (backend / "app" / "schemas" / ".patient.py.part").mkdir()
    before = (backend / "app/models/patient.py").read_text()
    with pytest.raises(Refused, match="Everything is as it was"):
        declared(backend, OTHERS)
    assert (backend / "app/models/patient.py").read_text() == before


def test_what_fits_is_left_as_it_is(backend: Path) -> None:
    assert [one.path for one in declared(backend, {"patients": [patient()]}).fitting] == ["patients"]


@pytest.mark.parametrize(
    "records",
    [[patient(age=0)], [patient(), patient()], [patient(ward=1)], [patient(id=1)]],
    ids=["rule", "twice", "more", "number"],
)
def test_what_does_not_fit_is_declared_anew(records: list[Any], tmp_path: Path) -> None:
    (file := tmp_path / "their.json").write_text(json.dumps({"patients": records}))
    assert [one.path for one in plan.plan(file, ["patients"], RESOURCES).declared] == ["patients"]


@pytest.mark.parametrize(("file", "code"), [("../db.json", 0), ("nowhere.json", 2)])
def test_the_script_says_what_it_did(file: str, code: int) -> None:
    done = ran("scripts/declare.py", file)
    assert done.returncode == code, done.stderr
