"""The first start on a developer's machine: which patients there are, and what is said when there are none."""

import json
import logging
from pathlib import Path

import psycopg
import pytest

from app import seed
from app.config import Settings
from app.development import upgrade
from app.embedded import EmbeddedError
from app.resources import RESOURCES
from tests.patients import patient

ADA = {"id": "1"} | patient(patientID="A-1", name="Ada Nameless")


def ids(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM patients ORDER BY position")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "db.json"
    file.write_text(json.dumps({"patients": [ADA]}))
    return file


def test_only_a_database_that_was_never_used_is_seeded(database_url: str, file: Path, tmp_path: Path) -> None:
    seed.plant(database_url, file, tmp_path, RESOURCES)
    assert ids(database_url) == ["1"]
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM patients")
    seed.plant(database_url, file, tmp_path, RESOURCES)
    assert ids(database_url) == []
    unfinished = tmp_path / "seeding"
    unfinished.touch()  # a start that was killed while it imported
    seed.plant(database_url, file, tmp_path, RESOURCES)
    assert ids(database_url) == ["1"]
    assert not unfinished.exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("db.json", None), "db.json: there is nothing to begin with; it does not exist"),
        (("https://example.org/db", None), "first: curl -o db.json https://example.org/db"),
        (("db.json", '{"patients": ['), "db.json: 0 of 0 records came in. "),
        (("db.json5", "{patients: []}"), "this is JSON5, and only JSON is read; npx json5 db.json5 -o db.json"),
        (("db.js", "module.exports = () => ({})"), "this is a program, and none is run here"),
        (("db.json", {"patients": [ADA | {"age": 0}]}), "db.json: 0 of 1 records came in. `python scripts/migrate_db"),
        (("db.json", {"patients": [{"id": "Ada"}]}), "these are other patients than this server declares: its one"),
        (("db.json", {"patients": [{"id": "Ada"}]}), "`make declare FILE=...` writes the code that serves them"),
    ],
)
def test_a_seed_that_does_not_come_in_is_said(
    database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, given: tuple[str, object], says: str
) -> None:
    name, content = given
    file = tmp_path / name
    if content is not None:
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    seed.plant(database_url, file, tmp_path, RESOURCES)
    assert ids(database_url) == []
    assert says in caplog.text
    assert "Ada" not in caplog.text


def test_what_has_become_of_the_file_is_said(database_url: str, file: Path, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, seed_file=file)
    seed.plant(database_url, file, tmp_path, RESOURCES)
    assert seed.remark(settings) == ""
    file.touch()
    assert seed.remark(settings) == ""
    file.write_text(json.dumps({"patients": [ADA | {"age": 37}]}))
    assert seed.remark(settings) == (
        f"{file} has changed since it was imported, and is not read again. `make reset` begins anew with it"
    )
    other = file.rename(tmp_path / "other.json")
    assert seed.remark(settings) == ""
    other_settings = settings.model_copy(update={"seed_file": other})
    assert f"{other} is not read: the records here began with {file}." in seed.remark(other_settings)
    seed.remember(other, tmp_path, [])
    assert seed.remark(other_settings) == ""
    seed.forget(tmp_path)
    assert f"{other} is not read: the database was used before." in seed.remark(other_settings)


def test_what_of_the_file_is_not_served_is_said_at_each_start(database_url: str, file: Path, tmp_path: Path) -> None:
    file.write_text(json.dumps({"patients": [ADA], "theme": {}, "tags": ["a"], "visits": [{}]}))
    settings = Settings(_env_file=None, data_dir=tmp_path, seed_file=file)
    seed.plant(database_url, file, tmp_path, RESOURCES)
    assert seed.remark(settings) == (
        f"of {file} is not served: theme (it is no list of records), tags (it is no list of records),"
        " visits (this server does not declare it)"
    )


@pytest.mark.parametrize("given", [True, False])
def test_a_file_beside_a_given_database_is_not_passed_over_in_silence(file: Path, given: bool) -> None:
    settings = Settings.model_validate({"database_url": "postgresql://h/d"} | ({"seed_file": file} if given else {}))
    assert (f"{file} is not read: DATABASE_URL is set" in seed.remark(settings)) is given


def test_a_schema_from_the_future_is_one_sentence(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        head = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(EmbeddedError, match=r"the schema was made by newer code than this, it seems: .*9999"):
        upgrade(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", head)


def test_migrating_leaves_the_loggers_alone(database_url: str) -> None:
    upgrade(database_url)
    assert not logging.getLogger("app.requests").disabled
