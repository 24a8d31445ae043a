"""The application in this process, on a real PostgreSQL: requests go through every layer but the socket."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from app.config import Settings
from app.main import create_app
from tests import patients
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
    place = Path(tempfile.mkdtemp(prefix="patients-test-"))
    place.chmod(0o755)
    yield place
    for record in list(place.rglob("running.json")):
        wait_until(partial(_ended, record.parent), 20)
        shutil.rmtree(record.with_name("pg").resolve())
    shutil.rmtree(place)


def _ended(data_dir: Path) -> bool:
    return not postgres_processes(data_dir)


@pytest.fixture
async def client(settings: Settings, table: psycopg.Connection[Any]) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(settings) as http:
        yield http


@pytest.fixture
async def client_of_1(settings: Settings, table: psycopg.Connection[Any]) -> AsyncIterator[httpx2.AsyncClient]:
    """The same, where a request that does not tell is json-server 1.x's."""
    async with serving(settings.model_copy(update={"json_server_dialect": "1"})) as http:
        yield http


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(settings)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        yield http


@pytest.fixture
def patient() -> Callable[..., dict[str, Any]]:
    return patients.patient
