"""Whatever a collection or a field is called, our SQL means something else by the names that it gives."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, NullPool, create_engine

from app.dialect.query import Dialect
from app.resource.journal import FUNCTIONS, TABLE, journaled
from app.resource.plurals import plural, singular
from app.resource.resource import Resource
from app.sql import MARK, quoted, quoting
from tests import declared
from tests.conftest import new_database
from tests.engine.served import served
from tests.engine.walk import Names, Walk
from tests.sql_names import given

# What a statement of ours gives a name to, of each kind; names of types, of words of SQL, of tables of an import.
_PATHS = (
    ("page", "few"),
    ("matched", "ranked"),
    ("versions", "listed"),
    ("c", "e0"),
    ("sent", "gone"),
    ("new", "stored"),
    ("excluded", "touched"),
    ("stage_0", "rest_1"),
    ("path", "date"),
    ("lateral", "user"),
)
_OTHERS = ("user", "order", "table", "lateral", "signed", "tg_op", "page", "pages", "stage_0")
_FIELDS = tuple(dict.fromkeys([*(name.replace(MARK, "") for name in sorted(given())), *_OTHERS]))
_PLAIN = (("goose", "geese"), ("wolf", "wolves"))


@pytest.fixture(scope="module")
def module_database(cluster: str) -> Iterator[str]:
    with new_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        engine = _engine(dsn)
        TABLE.create(engine)
        with engine.begin() as connection:
            for sql in FUNCTIONS:
                connection.exec_driver_sql(sql)
        yield dsn


def _engine(dsn: str) -> Engine:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    quoting(engine.dialect)
    return engine


@contextmanager
def _tables(dsn: str, resources: Sequence[Resource]) -> Iterator[None]:
    engine = _engine(dsn)
    for resource in resources:
        resource.table.create(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE changes RESTART IDENTITY")
        for resource in resources:
            connection.exec_driver_sql(journaled(resource.path))
    yield
    for resource in resources:
        resource.table.drop(engine)


Walked = Callable[[Names, Dialect], Awaitable[list[tuple[str, Any]]]]


@pytest.fixture
def walked(module_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walked:
    """What comes of a walk."""
    monkeypatch.setenv("DATABASE_URL", module_database)

    async def steps(names: Names, dialect: Dialect) -> list[tuple[str, Any]]:
        resources = names.declared()
        with _tables(module_database, resources):
            return await Walk(names, resources, module_database, dialect, tmp_path).steps()

    return steps


def _plain(path: str, place: int) -> str:
    """One that no SQL knows, of the same number: relations go by it."""
    return _PLAIN[place][plural(singular(path)) == path]


@pytest.fixture(scope="module")
def expected() -> dict[Any, Any]:
    """What came of walks with plain names, which serve several tests."""
    return {}


@pytest.mark.parametrize(("parent", "child"), _PATHS)
async def test_a_collection_may_be_called_as_anything_is_in_our_sql(
    parent: str, child: str, walked: Walked, expected: dict[Any, Any]
) -> None:
    dialect: Dialect = "1" if _PATHS.index((parent, child)) % 2 else "0.17"
    plain = Names(_plain(parent, 0), _plain(child, 1), ("hue", "age"))
    if (plain, dialect) not in expected:
        expected[plain, dialect] = await walked(plain, dialect)
    assert await walked(plain._replace(parent=parent, child=child), dialect) == expected[plain, dialect]


@pytest.mark.parametrize("dialect", ["0.17", "1"])
async def test_a_field_may_be_called_as_anything_is_in_our_sql(dialect: Dialect, walked: Walked) -> None:
    plain = Names("geese", "wolves", tuple(f"plain{place}" for place in range(len(_FIELDS))))
    expected = await walked(plain, dialect)
    assert await walked(plain._replace(fields=_FIELDS), dialect) == expected


def test_every_word_that_postgresql_reserves_is_quoted(module_database: str) -> None:
    with psycopg.connect(module_database, autocommit=True) as connection:
        for (word,) in connection.execute("SELECT word FROM pg_get_keywords()").fetchall():
            name = quoted(word)
            connection.execute(f"CREATE TEMPORARY TABLE {name} ({name} integer)".encode())
            connection.execute(f"SELECT {name}, {name}.{name} FROM {name} ORDER BY {name}".encode())
            connection.execute(f"DROP TABLE {name}".encode())


async def test_a_field_may_be_called_as_its_collection(module_database: str) -> None:
    record = {"id": "a", "codes": "x"}
    codes = declared.resource(declared.of("codes", [record]))
    with _tables(module_database, [codes]):
        async with served(module_database, "0.17", [codes]) as http:
            await http.post("/codes", json=record)
            assert [one["record"] for one in (await http.get("/codes/a/history")).json()] == [record]
