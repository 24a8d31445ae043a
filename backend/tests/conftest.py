"""The test database: one PostgreSQL per run, migrated once, copied for each module, emptied for each test.

    database_url      this module's own database with the schema in it and no row; a fresh identity sequence
    module_database   the same without the emptying, for what a whole module shares (a server, a pool)
    own_database      a test's own, with the schema in it, whose tables it may change
    bare_database     a database without the schema
    settings          Settings for `database_url`, as in development, untouched by `backend/.env`
    module_settings   the same for `module_database`

Nothing of ours is in the environment, here and in every process that a test starts, unless the test puts it there.
With `REQUIRE_ALL=1` a skipped test is a failure: nothing the run was meant to prove may go missing.
"""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import count

import hypothesis
import psycopg
import pytest
from pydantic import SecretStr

from app.config import Settings
from app.development import upgrade
from app.embedded import postgres
from app.resources import RESOURCES
from tests.folders import open_folder

_TEMPLATE = "migrated"
_numbers = count(1)


def pytest_configure() -> None:
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    hypothesis.settings.register_profile("untimed", deadline=None)  # a machine may be busy
    hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The DSN of a PostgreSQL of the run's own that forgets everything at its end. Durability is tested elsewhere."""
    with open_folder() as data_dir, postgres(data_dir, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: str) -> str:
    """The name of a database with the schema in it, to be copied."""
    _execute(cluster, f"CREATE DATABASE {_TEMPLATE}")
    upgrade(_sibling(cluster, _TEMPLATE))
    return _TEMPLATE


@pytest.fixture(scope="session")
def copy_of_template(cluster: str, template: str) -> Callable[[], str]:
    """Makes databases with the schema in them, for what the whole run shares."""

    def make() -> str:
        name = f"copy_{next(_numbers)}"
        _execute(cluster, f"CREATE DATABASE {name} TEMPLATE {template}")
        return _sibling(cluster, name)

    return make


@contextmanager
def new_database(cluster: str, template: str = "template1") -> Iterator[str]:
    """The DSN of a copy that is dropped at the end."""
    name = f"copy_{next(_numbers)}"
    _execute(cluster, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _sibling(cluster, name)
    _execute(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def module_database(cluster: str, template: str) -> Iterator[str]:
    with new_database(cluster, template) as dsn:
        yield dsn


@pytest.fixture
def database_url(module_database: str) -> str:
    empty(module_database, ["changes", *(one.sql for one in RESOURCES)])
    return module_database


@pytest.fixture
def own_database(cluster: str, template: str) -> Iterator[str]:
    with new_database(cluster, template) as dsn:
        yield dsn


@pytest.fixture
def bare_database(cluster: str) -> Iterator[str]:
    with new_database(cluster) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def module_settings(module_database: str) -> Settings:
    return Settings(_env_file=None, database_url=SecretStr(module_database))


@pytest.fixture
def settings(module_settings: Settings, database_url: str) -> Settings:
    return module_settings


def empty(dsn: str, tables: Iterable[str]) -> None:
    """As TRUNCATE … RESTART IDENTITY, which makes files anew: that takes five times as long. No trigger fires."""
    deleted = "".join(f"DELETE FROM {table}; " for table in tables)
    counted = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
    _execute(dsn, f"SET session_replication_role = replica; {deleted}{counted}")


def _execute(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def _sibling(dsn: str, database: str) -> str:
    """The same server's other database."""
    return dsn.replace("@/patients?", f"@/{database}?")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With REQUIRE_ALL=1 a skip counts as a failure and says why it would have been skipped."""
    report = yield
    if os.environ.get("REQUIRE_ALL") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but REQUIRE_ALL=1: {report.longreprtext}"
    return report
