"""The report and the rejects on the disk: ready before the commit, in their place after it, whole or not at all."""

import os
import resource
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import BACKEND
from app.importer.run import Options, import_file
from app.resources import RESOURCES
from tests.servers import UNMEASURED
from tests.triggers import trigger

from .conftest import count, db, record, strict

Table = psycopg.Connection[Any]
FAULTY = db(record(1), record(2, age=0))
FULL = "/dev/full cannot be written: No space left on device"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "db.json"
    path.write_text(FAULTY)
    return path


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def commit_fails(table: Table) -> AbstractContextManager[None]:
    when = "AFTER INSERT ON patients DEFERRABLE INITIALLY DEFERRED"
    return trigger(table, when, "RAISE 'not today';", kind="CONSTRAINT ")


def test_a_report_that_cannot_be_written_changes_nothing(database_url: str, table: Table, file: Path) -> None:
    report = import_file(file, database_url, RESOURCES, Options(report=Path("/dev/full")))
    assert (report.status, report.exit_code, report.sentence) == ("failed", 3, FULL)
    assert count(table) == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_rejects_that_cannot_be_written_change_nothing_and_the_report_agrees(
    database_url: str, table: Table, file: Path, written: Path, dry_run: bool
) -> None:
    report = import_file(
        file, database_url, RESOURCES, Options(report=written, rejects=Path("/dev/full"), dry_run=dry_run)
    )
    told = strict(written.read_text())
    assert (report.exit_code, told["exit_code"], told["status"], told["failure"]) == (3, 3, "failed", FULL)
    assert set(told["totals"].values()) == {0}
    assert count(table) == 0


def test_a_disk_that_fills_up_under_the_report_changes_nothing(
    database_url: str, table: Table, file: Path, written: Path
) -> None:
    """A limit on the size of files stands for the disk; only the report, which names the collections, is larger."""
    file.write_text(db(record(1), **{f"collection {n} {'x' * 80}": [] for n in range(200)}))
    run = subprocess.run(
        [sys.executable, "scripts/migrate_db_json.py", file, "--report", written],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": database_url} | UNMEASURED,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == f"The import failed. {written} cannot be written: File too large\n"
    assert strict(written.read_text())["exit_code"] == 3
    assert count(table) == 0


def test_a_commit_that_fails_is_not_reported_as_done(
    database_url: str, table: Table, file: Path, written: Path
) -> None:
    with commit_fails(table):
        report = import_file(file, database_url, RESOURCES, Options(report=written))
    told = strict(written.read_text())
    assert (report.exit_code, told["exit_code"], told["totals"]["migrated"]) == (3, 3, 0)
    assert "not today" in told["failure"]
    assert count(table) == 0


def test_a_commit_that_fails_is_not_reported_as_done_through_a_pipe(
    database_url: str, table: Table, file: Path
) -> None:
    reader, writer = os.pipe()
    with commit_fails(table):
        import_file(file, database_url, RESOURCES, Options(report=Path(f"/dev/fd/{writer}")))
    os.close(writer)
    with open(reader) as pipe:
        assert strict(pipe.read())["status"] == "failed"


def test_a_pipe_whose_reader_is_gone_changes_nothing(database_url: str, table: Table, file: Path) -> None:
    reader, writer = os.pipe()
    with open(writer, "wb"):
        os.set_blocking(reader, False)
        path = Path(f"/dev/fd/{writer}")
        read_only = import_file(file, database_url, RESOURCES, Options(report=path, dry_run=True))
        os.close(reader)
        report = import_file(file, database_url, RESOURCES, Options(report=path))
    assert (read_only.exit_code, report.exit_code) == (1, 3)
    assert report.sentence.endswith("cannot be written: Broken pipe")
    assert count(table) == 0


def test_both_are_their_owners_whatever_was_there(database_url: str, file: Path, written: Path) -> None:
    rejects = written.with_name("rejects.json")
    for path in (written, rejects):
        path.write_text("older")
        path.chmod(0o644)
    import_file(file, database_url, RESOURCES, Options(report=written, rejects=rejects))
    assert [path.stat().st_mode & 0o777 for path in (written, rejects)] == [0o600, 0o600]
    assert [patient["id"] for patient in strict(rejects.read_text())["patients"]] == ["2"]
    assert sorted(os.listdir(written.parent)) == ["db.json", "rejects.json", "report.json"]


def test_a_link_stays_a_link(database_url: str, file: Path, written: Path) -> None:
    written.symlink_to("elsewhere.json")
    import_file(file, database_url, RESOURCES, Options(report=written))
    assert written.is_symlink()
    assert strict(written.with_name("elsewhere.json").read_text())["exit_code"] == 1


def test_a_report_that_cannot_take_its_place_is_told_and_the_outcome_stands(
    database_url: str, table: Table, file: Path, written: Path
) -> None:
    def put_a_folder_there(*_: object) -> None:
        (written / "full").mkdir(parents=True)

    report = import_file(file, database_url, RESOURCES, Options(report=written), before_commit=put_a_folder_there)
    assert (report.exit_code, count(table)) == (1, 1)
    assert report.untold == f"{written} cannot be written: Is a directory"
