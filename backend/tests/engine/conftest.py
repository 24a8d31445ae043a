"""A database with the engine's own tables in place of the served ones, and the application that serves them."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import Settings
from tests.asked import serving
from tests.conftest import empty, new_database
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
    empty(module_database, [*Base.metadata.tables, "changes"])
    return module_database


@pytest.fixture
def declared_database(database_url: str) -> str:
    return database_url


@pytest.fixture
def table(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the application's, to look at what is really stored; the tables start empty."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
async def serving_all(module_database: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(module_database) as http:
        yield http


@pytest.fixture
def engine(serving_all: httpx2.AsyncClient, database_url: str) -> httpx2.AsyncClient:
    """The module's server of every resource, on empty tables."""
    return serving_all


@pytest.fixture(scope="module")
async def serving_pets(module_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(module_settings, [PETS]) as http:
        yield http


@pytest.fixture
def client(serving_pets: httpx2.AsyncClient, database_url: str) -> httpx2.AsyncClient:
    """The module's server of pets, on an empty table; a request that does not tell is json-server 0.17's."""
    return serving_pets


@pytest.fixture
async def client_of_1(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(settings, [PETS], json_server_dialect="1") as http:
        yield http
