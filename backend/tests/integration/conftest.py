"""The application in this process, on a real PostgreSQL: requests go through every layer but the socket."""

import shutil
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import Settings
from tests.asked import serving
from tests.folders import open_folder
from tests.integration.processes import postgres_processes
from tests.servers import wait_until


@pytest.fixture
def table(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the application's, to look at what is really stored; the table starts empty."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that anybody can enter and nobody else uses, with whatever a cluster left elsewhere."""
    with open_folder() as place:
        yield place
        for record in list(place.rglob("running.json")):
            wait_until(partial(_ended, record.parent), 20)
            shutil.rmtree(record.with_name("pg").resolve())


def _ended(data_dir: Path) -> bool:
    return not postgres_processes(data_dir)


@pytest.fixture(scope="module")
async def module_client(module_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(module_settings) as http:
        yield http


@pytest.fixture
def client(module_client: httpx2.AsyncClient, table: psycopg.Connection[Any]) -> httpx2.AsyncClient:
    """The module's application, on an empty table."""
    return module_client
