"""A database with the engine's own tables, and the application that serves them, in this process."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.engine.served import create_tables, served


@pytest.fixture
def declared_database(bare_database: str) -> str:
    create_tables(bare_database)
    return bare_database


@pytest.fixture
async def engine(declared_database: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(declared_database) as http:
        yield http
