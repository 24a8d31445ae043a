"""What may happen while an import runs: it is killed, another one starts, others read and write, the file changes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import BACKEND
from app.importer.run import Options, Step, import_file
from app.resources import RESOURCES
from tests.integration.processes import PATIENT, serving
from tests.servers import UNMEASURED, wait_until

from .conftest import CONTENT, MANY, count, db, half_way, held, record

Table = psycopg.Connection[Any]
SCRIPT = [sys.executable, "scripts/migrate_db_json.py"]
_WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'patients'::regclass AND NOT granted"


@contextmanager
def started(dsn: str, source: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    # Unmeasured: an interruption may catch coverage with its own lock taken, and then nothing ends.
    environment = os.environ | {"DATABASE_URL": dsn} | UNMEASURED
    command = [*SCRIPT, str(source), "--quiet", *options]
    with subprocess.Popen(command, cwd=BACKEND, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()  # also where the test has failed with a lock that it waits for


@contextmanager
def half_fed(dsn: str, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Callable[[], object]]]:
    """An import that has read half of its file, from a pipe that gives no more; and what gives the rest."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with started(dsn, pipe, "--report", str(tmp_path / "report.json")) as process, pipe.open("w") as feed:
        feed.write(CONTENT[: len(CONTENT) // 2])  # more than a pipe holds: it was taken
        feed.flush()

        def finish() -> None:
            feed.write(CONTENT[len(CONTENT) // 2 :])
            feed.close()

        yield process, finish


@contextmanager
def half_done(dsn: str, table: Table, tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Callable[[], object]]]:
    """An import in the middle of its INSERT, at a row that has to wait; and what lets it go on."""
    source = tmp_path / "db.json"
    source.write_text(CONTENT)
    with half_way(table) as go_on, started(dsn, source, "--report", str(tmp_path / "report.json")) as process:
        held(table)
        yield process, go_on


def ended(table: Table) -> bool:
    """Whether no import is connected any more."""
    activity = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'patients-api-import'"
    return table.execute(activity).fetchone() == (0,)


def test_an_import_that_is_killed_half_way_leaves_nothing(database_url: str, table: Table, tmp_path: Path) -> None:
    with half_done(database_url, table, tmp_path) as (process, _):
        process.kill()
        process.wait()
    wait_until(lambda: ended(table), 30)
    assert count(table) == 0
    assert table.execute("SELECT is_called FROM patients_position_seq").fetchone() == (False,)


@pytest.mark.parametrize("share", [0.5, 0.8, 1.0])
def test_an_import_that_is_killed_at_any_time_leaves_all_or_nothing(
    database_url: str, table: Table, tmp_path: Path, share: float, duration: float
) -> None:
    source = tmp_path / "db.json"
    source.write_text(CONTENT)
    with started(database_url, source) as process:
        time.sleep(duration * share)
        process.kill()
    wait_until(lambda: ended(table), 30)
    assert count(table) in {0, MANY}
    assert import_file(source, database_url, RESOURCES).exit_code == 0
    assert count(table) == MANY


@pytest.fixture(scope="module")
def duration(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> float:
    """How long an import takes that nobody disturbs."""
    source = tmp_path_factory.mktemp("undisturbed") / "db.json"
    source.write_text(CONTENT)
    began = time.monotonic()
    with started(module_database, source) as process:
        assert process.wait() == 0
    return time.monotonic() - began


def test_two_imports_at_once_agree(database_url: str, table: Table, tmp_path: Path) -> None:
    source = tmp_path / "db.json"
    source.write_text(CONTENT)
    reports = [tmp_path / "one.json", tmp_path / "other.json"]
    with (
        psycopg.connect(database_url) as writer,
        started(database_url, source, "--report", str(reports[0])) as one,
        started(database_url, source, "--report", str(reports[1])) as other,
    ):
        writer.execute("LOCK TABLE patients IN ROW EXCLUSIVE MODE")
        wait_until(lambda: table.execute(_WAITING).fetchone() == (2,), 30)
        writer.rollback()
        assert (one.wait(), other.wait()) == (0, 0)
    totals = [json.loads(report.read_text())["totals"] for report in reports]
    assert sorted(total["migrated"] for total in totals) == [0, MANY]
    assert sorted(total["unchanged"] for total in totals) == [0, MANY]
    assert count(table) == MANY


def test_readers_go_on_and_writers_are_told_to_come_back(database_url: str, table: Table, tmp_path: Path) -> None:
    with serving(DATABASE_URL=database_url, DB_DEADLINE=0.5) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        with half_done(database_url, table, tmp_path) as (process, go_on):
            assert server.patients() == ["T-1"]
            refused = server.http.post("/patients", json=PATIENT | {"patientID": "T-2"})
            assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
            go_on()
            assert process.wait() == 0
        assert server.http.post("/patients", json=PATIENT | {"patientID": "T-2"}).status_code == 201
        patients = server.patients()
    assert (len(patients), patients[0], patients[-1]) == (MANY + 2, "T-1", "T-2")


def test_a_pipe_that_stalls_stops_nobody(database_url: str, table: Table, tmp_path: Path) -> None:
    with half_fed(database_url, tmp_path) as (process, finish), serving(DATABASE_URL=database_url) as server:
        wait_until(lambda: ended(table), 30)
        assert server.http.post("/patients", json=PATIENT | {"id": "0"}).status_code == 201
        assert server.http.post("/patients", json=PATIENT | {"patientID": "P2999"}).status_code == 201
        assert server.http.delete("/patients/0").status_code == 200
        assert server.http.post("/patients", json=record(1)).status_code == 201
        finish()
        assert process.wait() == 1
        assert server.http.get("/patients/0").json()["patientID"] == "P000"
    report = json.loads((tmp_path / "report.json").read_text())
    assert {verdict: n for verdict, n in report["totals"].items() if n} == {
        "records": MANY,
        "migrated": MANY - 2,
        "unchanged": 1,
        "conflict": 1,
    }


LATE = {
    "the same": ("insert", record(1), "unchanged"),
    "another under its id": ("insert", record(1, patientID="X"), "conflict id:conflict"),
    "another under its patientID": ("insert", record(7, patientID="P001"), "conflict patientID:conflict"),
    "another under both": ("insert", record(1, age=1), "conflict id:conflict patientID:conflict"),
    "one that is given its patientID": ("update", "patient_id = 'P001'", "conflict patientID:conflict"),
    "one that is given another": ("update", "patient_id = 'X'", "in"),
}


@pytest.mark.parametrize("name", LATE)
def test_what_comes_into_the_table_while_the_file_is_read_is_there_before_it(
    database_url: str, table: Table, tmp_path: Path, name: str
) -> None:
    how, what, verdict = LATE[name]
    source, later, told = tmp_path / "db.json", tmp_path / "later.json", tmp_path / "report.json"
    later.write_text(db(record(9), *([what] if how == "insert" else [])))
    source.write_text(db(record(1), record(2)))
    if how == "update":
        import_file(later, database_url, RESOURCES)

    def interfere(step: Step) -> None:
        if step.name == "waiting for writers":
            if how == "insert":
                import_file(later, database_url, RESOURCES)
            else:
                table.execute(f"UPDATE patients SET {what}".encode())

    report = import_file(source, database_url, RESOURCES, Options(report=told), progress=interfere)
    entries = json.loads(told.read_text())["records"]
    said = [
        f"{entry['verdict']} " + " ".join(f"{e['field']}:{e['code']}" for e in entry["errors"]) for entry in entries
    ]
    assert said == ([verdict] if verdict.startswith("conflict") else [])
    assert report.totals["unchanged"] == (verdict == "unchanged")
    assert report.totals["migrated"] == 1 + (verdict == "in")
    assert [entry["line"] for entry in entries] == [3] * len(entries)


def test_a_row_that_goes_while_the_file_is_read_is_not_there_any_more(
    database_url: str, table: Table, tmp_path: Path
) -> None:
    source = tmp_path / "db.json"
    source.write_text(db(record(1), record(2)))
    import_file(source, database_url, RESOURCES)

    def interfere(step: Step) -> None:
        if step.name == "waiting for writers":
            table.execute("DELETE FROM patients WHERE id = '1'")

    report = import_file(source, database_url, RESOURCES, progress=interfere)
    assert (report.totals["migrated"], report.totals["unchanged"]) == (1, 1)


def test_under_load_an_import_is_seen_whole_or_not_at_all(database_url: str, table: Table, tmp_path: Path) -> None:
    source = tmp_path / "db.json"
    source.write_text(CONTENT)
    seen, written, over = set[int](), set[str](), threading.Event()

    def read(http: httpx2.Client) -> None:
        while not over.is_set():
            seen.add(sum(patient["patientID"].startswith("P") for patient in http.get("/patients").json()))

    def write(http: httpx2.Client, name: str) -> None:
        number = 0
        while not over.is_set():
            number += 1
            answer = http.post("/patients", json=PATIENT | {"patientID": f"{name}{number}"})
            assert answer.status_code in {201, 503}
            if answer.status_code == 201:
                written.add(f"{name}{number}")

    with serving(DATABASE_URL=database_url) as server, ThreadPoolExecutor() as threads:
        works = [threads.submit(read, server.http), *(threads.submit(write, server.http, name) for name in "TU")]
        try:
            with started(database_url, source) as process:
                assert process.wait() == 0
            time.sleep(0.3)
        finally:
            over.set()
        assert [work.result() for work in works] == [None] * 3
        patients = server.patients()
    assert seen == {0, MANY}
    assert written <= set(patients)
    assert len(written) > 10
    imported = [patient for patient in patients if patient.startswith("P")]
    assert imported == [f"P{number:03}" for number in range(MANY)]


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_text(CONTENT + " "),
        lambda file: os.truncate(file, len(CONTENT) // 2),
        lambda file: os.truncate(file, 0),
        lambda file: file.write_text(CONTENT.replace("45", "46")),
    ],
    ids=["grows", "is cut short", "is emptied", "is written anew"],
)
def test_a_file_that_changes_while_it_is_read_is_refused(
    database_url: str, table: Table, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    source = tmp_path / "db.json"
    source.write_text(CONTENT)

    def interfere(step: Step) -> None:
        if step.name == "reading" and step.records == 1:
            change(source)

    report = import_file(source, database_url, RESOURCES, Options(), progress=interfere)
    assert report.status == "unreadable"
    assert ("changed while it was read" in report.sentence) or ("not JSON" in report.sentence)
    assert count(table) == 0


def test_a_database_that_goes_away_changes_nothing(database_url: str, table: Table, tmp_path: Path) -> None:
    with half_done(database_url, table, tmp_path) as (process, go_on):
        table.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'patients-api-import'"
        )
        go_on()
        assert process.wait() == 3
        said = process.stderr.read() if process.stderr else ""
    assert said.startswith("The import failed. ")
    assert said.count("\n") == 1
    assert json.loads((tmp_path / "report.json").read_text())["status"] == "failed"
    assert count(table) == 0


def test_an_import_that_is_interrupted_while_it_reads_says_so(database_url: str, table: Table, tmp_path: Path) -> None:
    with half_fed(database_url, tmp_path) as (process, _):
        demand_interrupted(process)
    assert count(table) == 0
    assert os.listdir(tmp_path) == ["pipe"]


def test_an_import_that_is_interrupted_while_it_waits_says_so(database_url: str, table: Table, tmp_path: Path) -> None:
    source = tmp_path / "db.json"
    source.write_text(CONTENT)
    with psycopg.connect(database_url) as writer:
        writer.execute("LOCK TABLE patients IN ROW EXCLUSIVE MODE")
        with started(database_url, source, "--report", str(tmp_path / "report.json")) as process:
            wait_until(lambda: table.execute(_WAITING).fetchone() == (1,), 30)
            demand_interrupted(process)
    wait_until(lambda: ended(table), 30)
    assert count(table) == 0
    assert os.listdir(tmp_path) == ["db.json"]


def demand_interrupted(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert process.stderr
    assert process.stderr.read() == "Interrupted: nothing was written.\n"


def test_an_interruption_after_the_commit_finishes_the_report(database_url: str, table: Table, tmp_path: Path) -> None:
    """The report goes into a pipe that nobody reads yet, and is too long for it: so the import stands just there."""
    source, pipe = tmp_path / "db.json", tmp_path / "pipe"
    source.write_text(db(record(1), *[record(2, age=0)] * MANY))
    os.mkfifo(pipe)
    with started(database_url, source, "--report", str(pipe)) as process, pipe.open() as report:
        wait_until(lambda: count(table) == 1, 30)
        process.send_signal(signal.SIGINT)
        told = json.loads(report.read())
        assert (process.wait(), told["exit_code"], told["totals"]["migrated"]) == (1, 1, 1)
        assert process.stderr
        assert process.stderr.read() == ""
