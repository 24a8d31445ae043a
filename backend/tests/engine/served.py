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
from app.resource.journal import FUNCTIONS, TABLE, journaled
from app.resource.resource import Resource
from tests.asked import serving
from tests.engine.declared import EVERY, Base

_TRIGRAMS = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm')"


def create_tables(dsn: str) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    Base.metadata.create_all(engine)
    TABLE.create(engine)
    with engine.begin() as connection:
        if connection.exec_driver_sql(_TRIGRAMS).scalar():
            connection.exec_driver_sql("CREATE EXTENSION pg_trgm")
        for sql in (*FUNCTIONS, *(journaled(resource.path) for resource in EVERY)):
            connection.exec_driver_sql(sql)


@asynccontextmanager
async def served(
    dsn: str, dialect: Dialect = "0.17", resources: Sequence[Resource] = EVERY, **more: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(_env_file=None, database_url=SecretStr(dsn), json_server_dialect=dialect, **more)
    async with serving(settings, resources) as http:
        yield http
