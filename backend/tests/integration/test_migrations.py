"""The schema: what Alembic makes is what the models say, however often and by however many it is asked for."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine

from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.query import parse
from app.resource.columns import Base, is_accelerator
from app.resources import PATIENTS
from tests.commands import Done, ran
from tests.needs import needed

_CATALOG = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'patients'::regclass AND contype <> 'n'  -- NOT NULL, there from 18 on: `is_nullable` says it
    UNION ALL SELECT indexname, indexdef FROM pg_indexes
        WHERE tablename = 'patients'
    UNION ALL SELECT column_name,
            concat_ws(' ', data_type, collation_name, is_nullable, column_default, identity_generation)
        FROM information_schema.columns WHERE table_name = 'patients'
    ORDER BY 1, 2
"""


def catalog(dsn: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        return [(name, definition) for name, definition in connection.execute(_CATALOG) if not is_accelerator(name)]


def alembic(dsn: str, *arguments: str) -> Done:
    return ran("-m", "alembic", *arguments, DATABASE_URL=dsn)


def test_models_and_migrations_agree(module_database: str) -> None:
    assert (checked := alembic(module_database, "check")).returncode == 0, checked.stderr


def test_they_agree_on_what_alembic_does_not_compare(module_database: str, bare_database: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(bare_database), poolclass=NullPool)
    Base.metadata.create_all(engine)
    assert catalog(module_database) == catalog(bare_database)
    assert len(catalog(module_database)) == 11 + 10 + 9


_STORED = """
INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit, extra)
SELECT id, id, 'n', 4, 'Other', 'x', '2024-01-15', jsonb_build_object('note', repeat('x', size))
FROM (VALUES ('small', 10), ('large', 5000000), ('just', 4194000)) AS stored (id, size)
"""


def test_patients_that_are_larger_by_now_stay_and_can_be_changed(bare_database: str) -> None:
    assert alembic(bare_database, "upgrade", "0003").returncode == 0
    with psycopg.connect(bare_database, autocommit=True) as connection:
        connection.execute(_STORED)
        assert alembic(bare_database, "upgrade", "head").returncode == 0
        connection.execute("UPDATE patients SET name = 'new', extra = extra || '{\"more\": 1}'")
        assert connection.execute("SELECT count(*) FROM patients WHERE name = 'new'").fetchone() == (3,)
        for growing in ("small", "just"):
            with pytest.raises(psycopg.errors.CheckViolation, match="patients_extra_size_check"):
                connection.execute(
                    "UPDATE patients SET extra = extra || jsonb_build_object('b', repeat('x', 4194304)) WHERE id = %s",
                    [growing],
                )
    assert alembic(bare_database, "downgrade", "0003").returncode == 0


def test_the_journals_functions_are_made_anew_where_they_are_older(bare_database: str) -> None:
    assert alembic(bare_database, "upgrade", "0008").returncode == 0
    with psycopg.connect(bare_database, autocommit=True) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION record_changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        assert alembic(bare_database, "upgrade", "head").returncode == 0
        connection.execute(f"{_STORED} WHERE size < 100".encode())
        assert connection.execute("SELECT count(*) FROM changes").fetchone() == (1,)
        made = "SELECT prosecdef, proconfig FROM pg_proc WHERE proname = 'record_changed'"
        assert connection.execute(made).fetchone() == (True, ["search_path=public, pg_temp"])


def test_deploys_at_the_same_time_migrate_once(bare_database: str) -> None:
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda _: alembic(bare_database, "upgrade", "head"), range(3)))
    assert [run.returncode for run in done] == [0, 0, 0], [run.stderr for run in done]
    assert sum("Running upgrade" in run.stderr for run in done) == 1


def test_the_encoding_of_the_client_makes_no_difference(bare_database: str) -> None:
    for _ in range(2):
        done = alembic(f"{bare_database}&client_encoding=SQL_ASCII", "upgrade", "head")
        assert done.returncode == 0, done.stderr


def test_downgrade_leaves_nothing(bare_database: str) -> None:
    for target in ("upgrade head", "downgrade base"):
        assert alembic(bare_database, *target.split()).returncode == 0
    with psycopg.connect(bare_database) as connection:
        assert connection.execute("SELECT to_regclass('patients')").fetchone() == (None,)


def test_a_database_that_is_away_is_one_sentence_without_the_password() -> None:
    run = alembic("postgresql://u:hunter2@127.0.0.1:1/x", "upgrade", "head")
    assert run.returncode != 0
    assert "nothing was migrated: nothing listens at the address in DATABASE_URL" in run.stderr
    assert "Traceback" not in run.stderr
    assert "hunter2" not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("query", "indices"),
    [
        (b"q=asthma&_page=1", ("patients_search_ix", "patients_extra_ix")),
        (b"q=asthma&_page=1&_sort=-_score", ("patients_search_ix", "patients_extra_ix")),
        (b"name:similar=siobhan", ("patients_search_ix", "patients_bare_search_ix")),
        (b"q:similar=siobhan", ("patients_search_ix", "patients_bare_search_ix", "patients_extra_ix")),
    ],
)
def test_a_search_finds_its_indices(module_database: str, query: bytes, indices: Sequence[str]) -> None:
    with psycopg.connect(module_database) as connection:
        [(index,)] = connection.execute("SELECT to_regclass('patients_search_ix')").fetchall()
        needed(index, "this PostgreSQL has no pg_trgm")
        found = connection.execute(DETECT.sql.encode()).fetchone()
        sql, params = Lists(PATIENTS, Collations(*found or ())).rows(parse(query, "0.17", PATIENTS.fields))
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(f"EXPLAIN {sql}".encode(), params).fetchall()
    for index in indices:
        assert any(f"Bitmap Index Scan on {index}" in line for (line,) in plan), plan
