"""Databases that make it hard: other settings, no schema, not there, one that does not keep what it is given."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.development import upgrade
from app.exporter import export
from app.importer.frame import alone
from app.importer.run import Options, import_file
from app.resources import RESOURCES
from tests.triggers import trigger

from .conftest import Imports, count, db, record, served

Table = psycopg.Connection[Any]
A, B = record(1), record(2, more={"x": [1.5]})

# What a role, a database or a URL may set.
ODD_SETTINGS = [
    "statement_timeout=1", "lock_timeout=1", "datestyle=SQL,DMY", "default_transaction_isolation=serializable",
    "default_transaction_read_only=on", "client_encoding=latin1", "standard_conforming_strings=off",
    "bytea_output=escape", "extra_float_digits=-15", "timezone=Asia/Kolkata", "search_path=public,pg_temp",
]  # fmt: skip


@pytest.mark.parametrize("setting", ODD_SETTINGS)
def test_settings_of_the_session_make_no_difference(
    database_url: str, table: Table, tmp_path: Path, setting: str
) -> None:
    source = tmp_path / "db.json"
    source.write_text(db(A, B, A))
    report = import_file(source, f"{database_url}&options=-c%20{setting.replace('=', '%3D')}", RESOURCES)
    assert (report.sentence, report.totals["migrated"], report.totals["duplicate"]) == ("", 2, 1)
    assert served(table) == [A, B]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_an_encoding_of_the_client_makes_no_difference(
    database_url: str, table: Table, tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the URL nor in the environment, for names that it does not have."""
    source, written = tmp_path / "db.json", tmp_path / "after.json"
    polish = [record(1, id="ł", name="Łukasz 李", more={"ł": "ż"}), record(2, name="Żaneta")]
    source.write_text(db(*polish, record(3, id="ł")))
    upgrade(dsn := f"{database_url}&client_encoding={encoding}")
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    for verdict in ("migrated", "unchanged"):
        report = import_file(source, dsn, RESOURCES)
        assert (report.sentence, report.totals[verdict], report.totals["duplicate"]) == ("", 2, 1)
    with written.open("wb") as file:
        assert export(dsn, file, RESOURCES, alone(["patients"])) == {"patients": 2}
    assert json.loads(written.read_text())["patients"] == polish == served(table)


@pytest.mark.parametrize(
    "body",
    [
        "IF NEW.id = '1' THEN NEW.name := 'changed'; END IF; RETURN NEW;",
        "IF NEW.id = '2' THEN NEW.extra := '{\"more\": 1.6}'; END IF; RETURN NEW;",
        "RETURN NULL;",
    ],
    ids=["another name", "another extra", "no row"],
)
@pytest.mark.parametrize("content", [db(A, B), db(B, A, B)], ids=["copied", "with duplicates"])
def test_a_database_that_does_not_keep_what_it_is_given_is_found_out(
    imports: Imports, table: Table, body: str, content: str
) -> None:
    with trigger(table, "BEFORE INSERT ON patients", body):
        report = imports(content).report
    assert (report["status"], report["exit_code"]) == ("failed", 3)
    assert report["failure"].startswith("verification: ")
    assert set(report["totals"].values()) == {0}


def test_a_row_left_out_without_a_reason_is_found_out(imports: Imports, table: Table) -> None:
    with trigger(table, "BEFORE INSERT ON patients", "IF NEW.id = '3' THEN RETURN NULL; END IF; RETURN NEW;"):
        waits = record(3, patientID="P002")  # until it is known that the one before it takes no key
        report = imports(db(A, record(2, id="1"), waits), verify=False).report
    assert report["failure"].startswith("verification: the table left out a row")


def test_a_rule_of_the_database_alone_is_told_without_values(imports: Imports, table: Table) -> None:
    table.execute("ALTER TABLE patients ADD CONSTRAINT ours CHECK (age < 30)")
    try:
        report = imports(db(A)).report
        assert report["failure"] == "the database refused a row: CheckViolation ours"
    finally:
        table.execute("ALTER TABLE patients DROP CONSTRAINT ours")


def test_without_verification_nothing_is_read_back(imports: Imports) -> None:
    assert imports(db(A), verify=False).report["verify"] is None
    assert imports(db(B)).report["verify"] == {"records": 1, "differ": 0}


def test_a_database_without_the_schema_says_what_to_run(bare_database: str, tmp_path: Path) -> None:
    source = tmp_path / "db.json"
    source.write_text(db(A))
    report = import_file(source, bare_database, RESOURCES)
    assert (report.status, report.sentence) == (
        "failed",
        "the database has no patients table yet; run: alembic upgrade head",
    )


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:s3cret@127.0.0.1:1/patients",
        "postgresql://me:s3cret@no-such-host.invalid/patients",
        "postgresql://me:s3%zzcret@127.0.0.1/patients",
        "postgresql://me:s3cret@127.0.0.1/patients?pasword=s3cret",
        "host=/nowhere password=s3cret pass",
    ],
)
def test_a_database_that_is_not_there_is_told_without_the_password(tmp_path: Path, dsn: str) -> None:
    source, written = tmp_path / "db.json", tmp_path / "report.json"
    source.write_text(db(A))
    report = import_file(source, dsn, RESOURCES, Options(report=written))
    assert report.status == "failed"
    assert "\n" not in report.sentence
    assert "s3" not in report.sentence + written.read_text()


def test_a_large_number_of_faults_and_duplicates_is_told_one_by_one(imports: Imports, table: Table) -> None:
    records = [record(n % 700, age=n % 3, patientID=f"P{n % 900}") for n in range(3000)]
    outcome = imports(db(*records))
    ids, keys, expected = set[str](), set[str](), list[str]()
    for each in records:
        faults = [f"{field}:duplicate" for field, taken in (("id", ids), ("patientID", keys)) if each[field] in taken]
        verdict = (
            "rejected age:greater_than" if not each["age"] else f"duplicate {' '.join(faults)}" if faults else "in"
        )
        expected.append(verdict)
        if verdict == "in":
            ids.add(each["id"])
            keys.add(each["patientID"])
    assert outcome.told() == expected
    assert count(table) == expected.count("in")
