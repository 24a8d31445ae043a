"""The application on the engine's own resources, in this process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import psycopg
from pydantic import SecretStr
from sqlalchemy import NullPool, create_engine

from app.config import Settings
from app.dialect.query import Dialect
from app.main import create_app
from app.resource.resource import Resource
from tests.engine.declared import EVERY, Base


def create_tables(dsn: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    Base.metadata.create_all(engine)


@asynccontextmanager
async def served(
    dsn: str, dialect: Dialect = "0.17", resources: Sequence[Resource] = EVERY, **more: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(_env_file=None, database_url=SecretStr(dsn), json_server_dialect=dialect, **more)
    app = create_app(settings, tuple(resources))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        yield http
