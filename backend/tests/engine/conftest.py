"""A database with the engine's own tables in place of the served ones, and the application that serves them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import Settings
from tests.asked import serving
from tests.conftest import new_database
from tests.engine.declared import Base
from tests.engine.pets import PETS
from tests.engine.served import create_tables, served


@pytest.fixture(scope="module")
def module_database(cluster: str) -> Iterator[str]:
    with new_database(cluster) as dsn:
        create_tables(dsn)
        yield dsn


@pytest.fixture
def database_url(module_database: str) -> str:
    tables = ", ".join([*Base.metadata.tables, "changes"])
    with psycopg.connect(module_database, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())
    return module_database


@pytest.fixture
def declared_database(database_url: str) -> str:
    return database_url


@pytest.fixture
def table(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the application's, to look at what is really stored; the tables start empty."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(database_url) as http:
        yield http


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Pets, where a request that does not tell is json-server 0.17's."""
    async with serving(settings, [PETS]) as http:
        yield http


@pytest.fixture
async def client_of_1(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(settings.model_copy(update={"json_server_dialect": "1"}), [PETS]) as http:
        yield http
