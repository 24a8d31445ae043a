"""`make declare` in a checkout of its own: what it writes is sound, and it writes all of it or nothing."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import BACKEND
from tests.checkout import clone
from tests.commands import Done, ran
from tests.patients import patient
from tests.servers import UNMEASURED

ODD_NAMES = BACKEND / "tests" / "contract" / "files" / "odd-names.json"
OTHERS = {"patients": [{"id": 1, "firstName": "Ada"}, {"id": 2, "firstName": "Bo", "ward": 3}]}


class Checkout:
    def __init__(self, backend: Path) -> None:
        self.backend = backend

    def run(self, *command: str, **settings: str) -> Done:
        return ran(*command, folder=self.backend, **UNMEASURED | settings)

    def declare(self, document: Any, *flags: str, **settings: str) -> Done:
        """`document`: what the file holds, as text or as a value."""
        file = self.backend.parent.parent / "their db.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return self.run("scripts/declare.py", str(file), *flags, **settings)

    def alembic(self, dsn: str, *commands: str) -> Done:
        """One after the other in one process, as far as they succeed."""
        each = "import sys; from alembic.config import main; [main(one.split()) for one in sys.argv[1:]]"
        return self.run("-c", each, *commands, DATABASE_URL=dsn)

    def changed(self) -> str:
        command = ["git", "status", "--porcelain", "--untracked-files=all"]
        return subprocess.check_output(command, cwd=self.backend.parent, text=True)

    def commit(self) -> None:
        for command in ("add --all", "-c user.name=a -c user.email=a@example.org commit -m declared"):
            subprocess.run(["git", *command.split()], cwd=self.backend.parent, check=True, capture_output=True)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One for all tests in which nothing is written."""
    return Checkout(clone(tmp_path_factory.mktemp("declare") / "checkout"))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(clone(tmp_path / "checkout"))


def test_what_is_written_passes_the_linters(checkout: Checkout) -> None:
    assert checkout.run("scripts/declare.py", str(ODD_NAMES)).returncode == 0
    if (cache := BACKEND / ".mypy_cache").exists():
        shutil.copytree(cache, checkout.backend / ".mypy_cache")
    for command in ("ruff check .", "ruff format --check .", "mypy app/models app/schemas app/resources.py alembic"):
        done = checkout.run("-m", *command.split())
        assert done.returncode == 0, done.stdout + done.stderr


def spoilt(checkout: Checkout) -> None:
    file = checkout.backend / "app/resources.py"
    file.write_text(f"{file.read_text()}# more\n")


def untracked(checkout: Checkout) -> None:
    (checkout.backend / "app/models/visit.py").write_text("mine\n")


def no_repository(checkout: Checkout) -> None:
    (checkout.backend.parent / ".git").rename(checkout.backend.parent.parent / "git")


VISITS = {"visits": [{"id": 1}]}
REFUSED: dict[str, tuple[Any, tuple[str, ...], str]] = {
    "no JSON": ('{"visits": [\n  1,]}', (), "is not JSON: Expecting value at line 2, column 5."),
    "a constant": ('{"visits": [{"a": NaN}]}', (), "is not JSON: NaN is no value of JSON."),
    "too deep": ("[" * 100_000, (), "is not JSON: it is nested too deep."),
    "a list": ([1], (), "is no db.json: an object of lists is wanted"),
    "no list": ({"a": 1, "b": {}}, (), "has no list of objects; a: it is a single value; b: it is an object."),
    "nothing": ({}, (), "has no list of objects."),
    "no objects": ({"a": [1, {}]}, (), "a: 1 of its 2 elements are no objects."),
    "unknown": (VISITS, ("--only", "visits,beds"), "The file has no beds; it has visits."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_declared_is_refused(case: str, untouched: Checkout) -> None:
    document, flags, sentence = REFUSED[case]
    done = untouched.declare(document, *flags)
    assert (done.returncode, done.stderr.count("\n"), untouched.changed()) == (2, 1, "")
    assert done.stderr.startswith("Nothing was declared. ")
    assert done.stderr.strip().endswith(sentence) or sentence in done.stderr


def test_a_file_that_is_not_there_is_said_to_be(untouched: Checkout) -> None:
    done = untouched.run("scripts/declare.py", "nowhere.json")
    assert (done.returncode, done.stderr) == (2, "Nothing was declared. nowhere.json: there is no such file.\n")
    assert "export FILE" not in untouched.run("scripts/declare.py", "--help").stdout


@pytest.mark.parametrize(("spoil", "sentence"), [(spoilt, "app/resources.py"), (untracked, "app/models/visit.py")])
def test_what_git_could_not_bring_back_is_not_written_over(
    spoil: Callable[[Checkout], None], sentence: str, checkout: Checkout
) -> None:
    spoil(checkout)
    before = checkout.changed()
    done = checkout.declare(VISITS)
    assert (done.returncode, checkout.changed()) == (2, before)
    assert f"There are uncommitted changes in backend/{sentence}: commit them first" in done.stderr


def test_without_git_nothing_is_written(checkout: Checkout) -> None:
    no_repository(checkout)
    done = checkout.declare(VISITS)
    assert done.returncode == 2
    assert "no checkout of git" in done.stderr
    assert not (checkout.backend / "app/models/visit.py").exists()


def test_a_dry_run_says_it_and_writes_nothing(untouched: Checkout) -> None:
    done = untouched.declare(OTHERS | VISITS | {"theme": "dark"}, "--dry-run", "--only", "visits,theme")
    assert (done.returncode, untouched.changed()) == (0, "")
    for said in (
        "visits: 1 record, ids are numbers",
        "backend/app/models/visit.py",
        "theme: not declared, it is a single",
    ):
        assert said in done.stdout
    assert "patient" not in done.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_are_told_as_they_are_with_nothing_that_a_terminal_obeys(encoding: str, untouched: Checkout) -> None:
    status = {"status": "[/b]"}
    record = {"id": 1, "[/x]": 1, "[red]y": 1, "z\x1b[31m": 1, "Größe": 1, "\ud800": 1} | status
    done = untouched.declare(
        {"visits": [record, {"id": 2} | status], "\x1b\ud800": 1}, "--dry-run", PYTHONIOENCODING=encoding
    )
    assert (done.returncode, done.stderr, untouched.changed()) == (0, "", "")
    for said in (
        "[/x]",
        "[red]y",
        "z\\x1b[31m",
        "Gr\\xf6\\xdfe" if encoding == "ascii" else "Größe",
        '"[/b]"',
        "\\xd800",
    ):
        assert said in done.stdout
    assert "\x1b" not in done.stdout
    refused = untouched.declare({"\x1b\ud800": 1}, PYTHONIOENCODING=encoding)
    assert (refused.returncode, refused.stderr.count("\n"), "\x1b" in refused.stderr) == (2, 1, False)


def test_no_value_of_a_person_is_told_or_written(checkout: Checkout) -> None:
    people = [{"id": "Zacharias", "name": "Zacharias", "doctor": "Zacharias", "tags": ["Zacharias"]}] * 6
    done = checkout.declare({"people": people})
    files = [checkout.backend / line[3:].removeprefix("backend/") for line in checkout.changed().splitlines()]
    assert len(files) == 4
    assert "Zacharias" not in done.stdout + "".join(file.read_text() for file in files)


def test_other_patients_take_the_place_of_those_that_are_there(checkout: Checkout, own_database: str) -> None:
    done = checkout.declare(OTHERS, DATABASE_URL=own_database)
    assert "backend/tests/patients" in done.stdout
    there, back, base = ("upgrade head", "check"), "downgrade -1", "downgrade base"
    moved = checkout.alembic(own_database, *there, back, *there, base, *there)
    assert moved.returncode == 0, moved.stderr
    with psycopg.connect(own_database, autocommit=True) as connection:
        connection.execute("INSERT INTO patients (first_name, ward) VALUES ('Ada', 3)")
        assert connection.execute("SELECT id, first_name FROM patients").fetchall() == [(1, "Ada")]
        assert connection.execute("SELECT resource, id FROM changes").fetchall() == [("patients", "1")]
    checkout.commit()
    again = checkout.declare(OTHERS, DATABASE_URL=own_database)
    assert "patients: every record fits what is declared. It is left as it is." in again.stdout
    assert checkout.changed() == ""


def test_no_record_loses_a_field(checkout: Checkout, own_database: str) -> None:
    with psycopg.connect(own_database, autocommit=True) as connection:
        connection.execute("INSERT INTO patients VALUES (1, '1', 'P0', 'a', 1, 'Other', 'b', '2024-01-01')")
        done = checkout.declare(OTHERS, DATABASE_URL=own_database)
        assert (done.returncode, checkout.changed()) == (2, "")
        assert "The table patients has records, which would lose id, patient_id, name, age" in done.stderr
        unreachable = checkout.declare(OTHERS, DATABASE_URL="postgresql://127.0.0.1:1/none")
        assert unreachable.returncode == 0
        assert "The database was not asked" in unreachable.stdout
        refused = checkout.alembic(own_database, "upgrade head")
        assert refused.returncode != 0
        assert "patients has records, and they would lose fields" in refused.stderr
        assert connection.execute("SELECT name FROM patients").fetchall() == [("a",)]


def test_records_take_what_was_undeclared(checkout: Checkout, own_database: str) -> None:
    extras: list[dict[str, Any]] = [{"e mail": "a@example.org", "x": 1}, {"e mail": None}, {}, {"beds": [1]}]
    with psycopg.connect(own_database, autocommit=True) as connection:
        for number, extra in enumerate(extras):
            row = [str(number), f"P{number}", json.dumps(extra)]
            connection.execute(
                "INSERT INTO patients VALUES (DEFAULT, %s, %s, 'a', 1, 'Other', 'b', '2024-01-01', %s)", row
            )
        more = {"e mail": "b@example.org", "beds": [2]}
        done = checkout.declare({"patients": [patient() | more]}, DATABASE_URL=own_database)
        assert done.returncode == 0, done.stderr
        moved = checkout.alembic(own_database, "upgrade head", "check")
        assert moved.returncode == 0, moved.stderr
        rows = "SELECT e_mail, beds, extra FROM patients ORDER BY id"
        assert connection.execute(rows).fetchall() == [
            ("a@example.org", None, {"x": 1}),
            (None, None, {"e mail": None}),
            (None, None, {}),
            (None, [1], {}),
        ]
        back = checkout.alembic(own_database, "downgrade -1")
        assert back.returncode == 0, back.stderr
        assert [row for (row,) in connection.execute("SELECT extra FROM patients ORDER BY id")] == extras
