"""A database with the engine's own tables, and the application that serves them, in this process."""

from collections.abc import AsyncIterator

import httpx2
import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine

from app.config import Settings
from app.main import create_app
from tests.engine.declared import EVERY, Base


@pytest.fixture
def declared_database(bare_database: str) -> str:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(bare_database), poolclass=NullPool)
    Base.metadata.create_all(engine)
    return bare_database


@pytest.fixture
async def engine(declared_database: str) -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(_env_file=None, database_url=SecretStr(declared_database))
    app = create_app(settings, EVERY)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        yield http
