"""`python scripts/migrate_db_json.py`, as people and scripts run it: what it prints, where, and its exit code."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from app.config import BACKEND
from app.importer.files import Unwritable
from app.importer.run import Options, import_file
from app.resources import RESOURCES
from tests.commands import Done, ran
from tests.integration.processes import postgres_processes, serving
from tests.servers import wait_until

from .conftest import count, db, record, strict

Table = psycopg.Connection[Any]
GOOD = db(record(1), record(2))
SECRET = "Bartholomew"
FAULTY = db(record(1), record(2, name=SECRET, age=SECRET, **{"\x1b[31m[red]": "\0"}), record(1), record(3, id=4))


def migrate(*arguments: object, stdin: str | None = None, **environment: str) -> Done:
    """The command in `backend/` with these settings. Nothing may ever be a traceback."""
    run = ran("scripts/migrate_db_json.py", *arguments, stdin=stdin, **{"COLUMNS": "120"} | environment)
    assert "Traceback" not in run.stderr
    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "db.json"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def test_all_in_is_0_and_a_second_run_too(database_url: str, table: Table, file: Path) -> None:
    file.write_text(GOOD)
    first, second = (migrate(file, DATABASE_URL=database_url) for _ in range(2))
    assert (first.returncode, second.returncode, first.stderr, second.stderr) == (0, 0, "", "")
    assert "migrated  │       2" in first.stdout
    assert "unchanged │       2" in second.stdout
    assert count(table) == 2


def test_some_not_is_1_and_faults_are_told_by_place_without_values(
    database_url: str, table: Table, file: Path, report: Path
) -> None:
    file.write_text(FAULTY)
    run = migrate(file, "--report", report, DATABASE_URL=database_url)
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout.splitlines()[-6:] == [
        "1 record: had a number as id or patientID; it is kept as text",
        "The first of 2 that are not in (--report lists all):",
        f"{file}:16:14: age: must be a whole number from 1 to 2147483647",
        f"{file}:20:26: \\x1b[31m[red]: must not contain the character NUL (U+0000)",
        f"{file}:23:13: id: stands earlier in the file, at /patients/0",
        f"{file}:24:20: patientID: stands earlier in the file, at /patients/0",
    ]
    assert SECRET not in run.stdout
    assert SECRET in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600
    assert count(table) == 2


def test_each_warning_is_told_with_its_number_of_records(database_url: str, table: Table, file: Path) -> None:
    made, number = record(1, id=...), record(2, id=2, patientID=7)
    text = db(made, number, record(3, age="45"), record(4, age="45"), record(5, more=0))
    file.write_text(text.replace('"more": 0', '"more": 0.12345678901234567891'))
    run = migrate(file, DATABASE_URL=database_url)
    assert run.returncode == 0, run.stderr
    for sentence in (
        "1 record: had no id; one was made from the patientID, the same on every run",
        "1 record: had a number as id or patientID; it is kept as text",
        "2 records: had the text of a number where a number belongs; it is kept as the number",
        "1 record: had numbers of more digits than a double holds; they are kept as JavaScript reads them",
    ):
        assert sentence in run.stdout


def test_a_fault_of_the_file_is_2_and_says_where(database_url: str, file: Path, report: Path) -> None:
    file.write_text(GOOD[:-30])
    run = migrate(file, "--report", report, DATABASE_URL=database_url)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"{file}:19:14: not JSON: the file ends before its JSON does\n"
    assert strict(report.read_text())["file_errors"][0]["line"] == 19


@pytest.mark.parametrize(
    ("name", "reason"),
    [("absent.json", "No such file or directory"), ("/", "Is a directory"), ("/proc/self/mem", "Input/output error")],
)
def test_a_file_that_is_none_is_2_whatever_the_database(tmp_path: Path, report: Path, name: str, reason: str) -> None:
    path = tmp_path / name
    run = migrate(path, "--report", report, DATABASE_URL="postgresql://127.0.0.1:1/patients")
    assert (run.returncode, run.stderr) == (2, f"{path}: cannot be read: {reason}\n")
    assert strict(report.read_text())["status"] == "unreadable"


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": "mysql://me:s3cret@127.0.0.1/patients"},
        {"DATABASE_URL": "", "ENVIRONMENT": "production"},
        {"DATABASE_URL": "", "DATA_DIR": "/dev/null"},
    ],
)
def test_a_fault_of_the_database_is_3(file: Path, report: Path, settings: dict[str, str]) -> None:
    file.write_text(GOOD)
    run = migrate(file, "--report", report, **settings)
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("The import failed. ")
    assert run.stderr.count("\n") == 1
    assert "s3cret" not in run.stderr + report.read_text()
    assert strict(report.read_text())["status"] == "failed"


def test_what_cannot_be_written_is_told_before_anything_is_done(database_url: str, table: Table, file: Path) -> None:
    file.write_text(GOOD)
    nowhere = file.parent / "no" / "where"
    run = migrate(file, "--report", nowhere, DATABASE_URL=database_url)
    assert (run.returncode, run.stderr) == (2, f"{nowhere} cannot be written: No such file or directory\n")
    assert count(table) == 0


@pytest.mark.parametrize("option", ["report", "rejects"])
def test_the_source_is_never_overwritten(database_url: str, table: Table, file: Path, option: str) -> None:
    file.write_text(GOOD)
    with pytest.raises(Unwritable, match="is named twice"):
        import_file(
            file, database_url, RESOURCES, Options(report=file) if option == "report" else Options(rejects=file)
        )
    assert file.read_text() == GOOD
    assert count(table) == 0


def test_report_and_rejects_are_two_files(database_url: str, table: Table, file: Path, report: Path) -> None:
    file.write_text(GOOD)
    with pytest.raises(Unwritable, match="is named twice"):
        import_file(file, database_url, RESOURCES, Options(report=report, rejects=report))
    assert count(table) == 0


def test_a_full_disk_under_the_report_changes_nothing(database_url: str, table: Table, file: Path) -> None:
    file.write_text(GOOD)
    run = migrate(file, "--report", "/dev/full", DATABASE_URL=database_url)
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr == "The import failed. /dev/full cannot be written: No space left on device\n"
    assert count(table) == 0


def test_a_report_goes_into_a_pipe(database_url: str, file: Path) -> None:
    file.write_text(GOOD)
    run = migrate(file, "--quiet", "--report", "/dev/stdout", DATABASE_URL=database_url)
    assert (run.returncode, strict(run.stdout)["totals"]["migrated"]) == (0, 2)


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_a_report_to_standard_output_is_all_that_goes_there(database_url: str, file: Path, name: str) -> None:
    file.write_text(FAULTY)
    report = migrate(file, "--report", name, DATABASE_URL=database_url)
    rejects = migrate(file, "--rejects", name, DATABASE_URL=database_url)
    assert strict(report.stdout)["totals"]["migrated"] == 2
    assert strict(rejects.stdout)["patients"][0]["name"] == SECRET
    for run in (report, rejects):
        assert run.returncode == 1
        assert f"{file}: 4 records" in run.stderr
        assert SECRET not in run.stderr
    assert not (BACKEND / "-").exists()


def test_report_and_rejects_are_not_mixed_in_standard_output(database_url: str, table: Table, file: Path) -> None:
    file.write_text(GOOD)
    run = migrate(file, "--report", "-", "--rejects", "-", DATABASE_URL=database_url)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "/dev/stdout is named twice: what is read and what is written must be different files\n"
    assert count(table) == 0


def test_the_default_is_the_repository_s_file_wherever_one_stands(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    script = str(BACKEND / "scripts" / "migrate_db_json.py")
    for folder in (tmp_path, tmp_path / "inner", BACKEND.parent, BACKEND):
        environment = os.environ | {"DATABASE_URL": database_url}
        said = subprocess.check_output([sys.executable, script, "--dry-run"], cwd=folder, env=environment, text=True)
        assert said.splitlines()[0] == f"{BACKEND.parent / 'db.json'}: 30 records"


JSON5 = "// ours\n{patients: [],}"
ELSEWHERE = {
    "db.json5": (JSON5, "1:1: this is JSON5, and only JSON is read; npx json5 db.json5 -o db.json converts it"),
    "db.JS": (
        "module.exports = () => ({patients: []})",
        "1:1: this is a program, and none is run here; what it makes can be imported:"
        """ node -p 'JSON.stringify(require("./db.JS")())' > db.json""",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_json_server_takes_beside_json_gets_a_sentence_of_its_own(
    database_url: str, tmp_path: Path, name: str
) -> None:
    content, says = ELSEWHERE[name]
    (tmp_path / name).write_text(content)
    run = migrate(tmp_path / name, DATABASE_URL=database_url)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", f"{tmp_path / name}:{says}\n")


@pytest.mark.parametrize("name", ["db.json5", "db.js"])
def test_json_is_json_whatever_its_name(database_url: str, table: Table, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(GOOD)
    assert migrate(tmp_path / name, DATABASE_URL=database_url).returncode == 0
    (tmp_path / name).write_text('{"patients": {}}')
    assert "patients is an object; a list is wanted" in migrate(tmp_path / name, DATABASE_URL=database_url).stderr
    assert "No such file" in migrate(tmp_path / "absent" / name, DATABASE_URL=database_url).stderr


@pytest.mark.parametrize("url", ["http://localhost:3000/db", "HTTPS://example.org/db.json"])
def test_an_address_gets_a_sentence_of_its_own(database_url: str, url: str) -> None:
    run = migrate(url, DATABASE_URL=database_url)
    assert (run.returncode, run.stdout) == (2, "")
    assert f"this is an address, and a file is wanted; fetch it first: curl -o db.json {url}" in run.stderr
    assert run.stderr.count("\n") == 1


def test_other_patients_are_said_to_be_others_first(database_url: str, table: Table, file: Path, report: Path) -> None:
    others = [record(n, patientID=..., lastVisit=..., age=... if n else "45") for n in range(3)]
    file.write_text(db(*others))
    run = migrate(file, "--report", report, DATABASE_URL=database_url)
    assert run.stdout.splitlines()[0] == (
        f"{file}: these are other patients than this server declares: all 3 records lack patientID and lastVisit"
    )
    assert f"{file}:3:5: patientID: is required" in run.stdout
    told = strict(report.read_text())
    assert (run.returncode, told["totals"]["rejected"], told["lacking"]) == (1, 3, ["patientID", "lastVisit"])


@pytest.mark.parametrize("one", [record(4), "no object", record(4, patientID=..., lastVisit=..., id=4)])
def test_other_patients_are_so_only_if_all_are(database_url: str, file: Path, report: Path, one: object) -> None:
    file.write_text(db(*(record(n, age=...) for n in range(3)), one))
    run = migrate(file, "--report", report, DATABASE_URL=database_url)
    assert (run.returncode, run.stdout.splitlines()[0]) == (1, f"{file}: 4 records")
    assert "lacking" not in strict(report.read_text())


def test_a_name_in_brackets_is_told_as_it_is(database_url: str, file: Path) -> None:
    path = file.parent / "[" / "red] [" / "x].json"
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    run = migrate(path, DATABASE_URL=database_url)
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, f"{path}: 2 records")


def test_a_field_of_a_long_name_is_told_in_one_line(database_url: str, file: Path) -> None:
    file.write_text(db(record(1, **{"n" * 1000: "\0"})))
    run = migrate(file, DATABASE_URL=database_url)
    assert run.stdout.splitlines()[-1] == f"{file}:11:1011: {'n' * 100}…: must not contain the character NUL (U+0000)"


def test_what_is_held_back_comes_in_with_the_whole_file(database_url: str, file: Path) -> None:
    file.write_text(FAULTY)
    run = migrate(file, "--all-or-nothing", DATABASE_URL=database_url)
    assert (run.returncode, "2 good records were held back" in run.stdout) == (1, True)
    assert "Mend the others in this file and import it again, whole: --rejects has only them." in run.stdout


def test_a_replacement_says_what_went(database_url: str, table: Table, file: Path) -> None:
    """Two runs of each file, the first of them dry."""
    for content, would, did in (
        (GOOD, "0 patients that the file does not have would go, the content of 0 would change", ""),
        (db(record(2, age=1)), "1 patient that the file does not have would go, the content of 1 would change", ""),
        (GOOD, "0 patients that the file does not have would go", "0 patients that the file does not have went"),
        (db(), "2 patients that the file does not have would go", "2 patients that the file does not have went"),
        (FAULTY, "the table stays as it is, because not every record is good", "Replace: the table stays as it is"),
    ):
        file.write_text(content)
        dry = migrate(file, "--replace", "--dry-run", DATABASE_URL=database_url)
        run = migrate(file, "--replace", DATABASE_URL=database_url)
        assert f"Replace: {would}" in dry.stdout
        assert did in run.stdout
        assert (dry.returncode, run.returncode) == (int(content == FAULTY),) * 2
    assert count(table) == 0


def test_quiet_says_nothing_of_records(database_url: str, file: Path) -> None:
    file.write_text(FAULTY)
    run = migrate(file, "--quiet", DATABASE_URL=database_url)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "")


def test_a_pipe_is_read_with_a_hyphen(database_url: str, table: Table) -> None:
    run = migrate("-", "--dry-run", stdin=GOOD, DATABASE_URL=database_url)
    assert "Dry run: nothing was written." in run.stdout
    assert "a run would write them" in run.stdout
    assert (run.returncode, count(table)) == (0, 0)
    assert migrate("-", "--all-or-nothing", stdin=FAULTY, DATABASE_URL=database_url).returncode == 1
    assert count(table) == 0
    assert migrate("-", "--no-verify", stdin=GOOD, DATABASE_URL=database_url).returncode == 0
    assert count(table) == 2


def test_other_encodings_of_the_terminal_break_nothing(database_url: str, file: Path) -> None:
    file = file.with_name("zoë.json")
    file.write_text(FAULTY.replace("red", "röt" + "n" * 100))
    run = migrate(file, DATABASE_URL=database_url, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (run.returncode, run.stderr) == (1, "")
    assert "zo\\xeb.json:20:" in run.stdout
    assert "r\\xf6tnnn" in run.stdout
    assert "n\\u2026: must not contain" in run.stdout


def test_without_a_database_url_the_embedded_one_is_used(file: Path, report: Path) -> None:
    file.write_text(GOOD)
    with TemporaryDirectory(prefix="patients-test-") as place:
        Path(place).chmod(0o755)  # when root tests, PostgreSQL's user must get in
        settings = {"DATABASE_URL": "", "DATA_DIR": f"{place}/data"}
        assert migrate(file, **settings).returncode == 0
        with serving(DATA_DIR=f"{place}/data", SEED_FILE=str(file)) as server:
            assert server.patients() == ["P001", "P002"]
            assert migrate(file, "--report", report, **settings).returncode == 0
        assert json.loads(report.read_text())["totals"]["unchanged"] == 2
        wait_until(lambda: not postgres_processes(Path(place, "data")), 20)


def test_the_help_has_examples_and_the_exit_codes() -> None:
    run = migrate("--help")
    assert run.returncode == 0
    for words in ("Examples", "--dry-run old.json", "Exit codes", "--rejects", "../db.json"):
        assert words in run.stdout


def test_a_terminal_gets_a_bar_and_a_pipe_gets_lines(database_url: str, file: Path) -> None:
    file.write_text(db(*map(record, range(3000))))
    terminal, screen = pty.openpty()
    environment = os.environ | {"DATABASE_URL": database_url, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "scripts/migrate_db_json.py", str(file)]
    subprocess.run(command, cwd=BACKEND, env=environment, stdout=subprocess.PIPE, stderr=screen, check=True)
    os.close(screen)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert "reading" in shown
    assert "━" in shown
    assert "/s" in shown
