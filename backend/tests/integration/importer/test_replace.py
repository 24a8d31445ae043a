"""`--replace`: the table becomes what the file says, or stays as it is."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.importer.run import Options, import_file
from app.resources import RESOURCES
from tests.triggers import trigger

from .conftest import Imports, count, db, exactly, record, served

Table = psycopg.Connection[Any]
A, B, C, D = map(record, range(1, 5))
OTHER = record(3, age=99, note="another content")
_ROWS = "SELECT id, xmin::text, ctid::text, position FROM patients ORDER BY position"


def wanted(*records: dict[str, Any]) -> Any:
    return exactly(db(*records))["patients"]


@pytest.mark.parametrize(
    ("file", "totals", "went"),
    [
        ([A, B, C], {"unchanged": 3}, (0, 0)),
        ([A, B, C, D], {"unchanged": 3, "migrated": 1}, (0, 0)),
        ([OTHER, A, D], {"unchanged": 1, "migrated": 2}, (1, 1)),
        ([C, B, A], {"unchanged": 3}, (0, 0)),
        ([D, A, B, C], {"unchanged": 3, "migrated": 1}, (0, 0)),
        ([record(1, patientID="P002"), record(2, patientID="P001"), C], {"unchanged": 1, "migrated": 2}, (0, 2)),
        ([record(5, patientID="P001"), B], {"unchanged": 1, "migrated": 1}, (2, 0)),
        ([record(4, patientID=7), record(1, id=...)], {"migrated": 2}, (3, 0)),
        ([], {}, (3, 0)),
    ],
)
def test_the_table_becomes_what_the_file_says_in_its_order(
    imports: Imports, table: Table, file: list[dict[str, Any]], totals: dict[str, int], went: tuple[int, int]
) -> None:
    imports(db(A, B, C))
    dry = imports(db(*file), replace=True, dry_run=True)
    assert served(table) == [A, B, C]
    done = imports(db(*file), replace=True)
    for outcome in (dry, done):
        assert (outcome.totals, tuple(outcome.report["went"].values())) == (totals, went)
        assert outcome.report["exit_code"] == 0
    if "made" not in str(done.report["warnings"]):
        assert served(table) == [each | {"patientID": str(each["patientID"])} for each in wanted(*file)]
    again = imports(db(*file), replace=True)
    assert (again.totals.get("unchanged", 0), *again.report["went"].values()) == (len(file), 0, 0)
    assert not again.totals.get("migrated")


def test_what_is_unchanged_stays_where_it_is(imports: Imports, table: Table) -> None:
    imports(db(A, B, C))
    before = table.execute(_ROWS).fetchall()
    imports(db(A, B, OTHER), replace=True)
    after = table.execute(_ROWS).fetchall()
    assert after[:2] == before[:2]
    assert [row[0] for row in after] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ([A, record(2, age=0), D], ["in", "rejected age:greater_than", "rejected None:held_back"]),
        ([A, D, record(4)], ["in", "rejected None:held_back", "duplicate id:duplicate patientID:duplicate"]),
        # The table has the later of the two that share a patientID: it is the file's first that would be in.
        ([D | {"patientID": "P001"}, A], ["rejected None:held_back", "duplicate patientID:duplicate"]),
    ],
)
def test_a_file_with_a_fault_replaces_nothing(
    imports: Imports, table: Table, file: list[dict[str, Any]], told: list[str]
) -> None:
    imports(db(A, B, C))
    rows = table.execute(_ROWS).fetchall()
    for options in ({}, {"dry_run": True}, {"all_or_nothing": True}, {"verify": False}):
        outcome = imports(db(*file), replace=True, **options)
        assert outcome.told() == told
        assert (outcome.report["exit_code"], outcome.report["went"]) == (1, {"removed": 0, "changed": 0})
        assert table.execute(_ROWS).fetchall() == rows


@pytest.mark.parametrize("content", ["", "{}", db(A)[:-30], '{"patients": null}', "[]"])
def test_a_file_that_cannot_be_read_replaces_nothing(imports: Imports, table: Table, content: str) -> None:
    imports(db(A, B, C))
    assert imports(content, replace=True).report["exit_code"] == 2
    assert served(table) == [A, B, C]


def test_who_comes_next_stands_behind_the_file_s_last(imports: Imports, table: Table) -> None:
    imports(db(A, B, C))
    imports(db(C, D), replace=True)
    table.execute(
        "INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)"
        " VALUES ('later', 'later', 'x', 1, 'Other', 'x', '2024-01-01')"
    )
    assert [patient["id"] for patient in served(table)] == ["3", "4", "later"]


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("DELETE", "RETURN NULL;"),
        ("INSERT", "NEW.name := 'changed'; RETURN NEW;"),
    ],
)
def test_a_database_that_does_not_do_it_is_found_out(imports: Imports, table: Table, event: str, body: str) -> None:
    imports(db(A, B))
    with trigger(table, f"BEFORE {event} ON patients", body):
        report = imports(db(A, C), replace=True).report
        assert (report["exit_code"], report["failure"].partition(":")[0]) == (3, "verification")
        assert served(table) == [A, B]


def test_a_commit_that_is_late_changes_nothing_before(database_url: str, table: Table, tmp_path: Path) -> None:
    """Who reads meanwhile has all of the old list."""
    source, seen = tmp_path / "db.json", list[Any]()
    for content in (db(A, B, C), db(D)):
        source.write_text(content)
        import_file(
            source, database_url, RESOURCES, Options(replace=True), before_commit=lambda *_: seen.append(served(table))
        )
    assert seen == [[], [A, B, C]]
    assert served(table) == [D]


def test_a_large_table_is_replaced(imports: Imports, table: Table) -> None:
    imports(db(*(record(n) for n in range(3000))))
    outcome = imports(db(*(record(n, age=1 + n % 2) for n in range(1000, 4000))), replace=True)
    assert outcome.report["went"] == {"removed": 1000, "changed": 2000}
    assert (count(table), outcome.totals) == (3000, {"migrated": 3000})
