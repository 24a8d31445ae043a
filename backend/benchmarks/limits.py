"""The limits of the parts: uvicorn sending bytes from memory (no database), and bare statements (no HTTP)."""

import asyncio
import json
import os
import re
import secrets
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import uvloop
from psycopg.types.string import ByteaBinaryLoader
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from app.config import Settings
from app.database import Database, Row
from app.main import create_app
from app.resources import RESOURCES
from app.services.needs import needs
from app.sql import Query
from benchmarks.load import Sample
from benchmarks.scenarios import MARK, UNIQUE, Request

POOL: int = Settings.model_fields["db_pool_size"].default  # connections at most, as many as the server's pool has


def from_memory() -> ASGIApp:
    """Recorded answers of the file ANSWERS names, sent with the least that ASGI asks for."""
    recorded = json.loads(Path(os.environ["ANSWERS"]).read_text())
    answers = {key: _encoded(*answer) for key, answer in recorded.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while scope["method"] != "GET" and (await receive()).get("more_body"):
            pass
        query = scope["query_string"].decode()
        status, headers, body = answers[f"{scope['method']} {scope['path']}{'?' + query if query else ''}"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _encoded(status: int, headers: dict[str, str], body: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    raw = body.encode()
    named = {**headers, "content-length": str(len(raw))}
    return status, [(name.encode(), value.encode()) for name, value in named.items()], raw


class _Recording(Database):
    """A database that remembers what it was asked."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, needs(RESOURCES))
        self.asked: list[Query] = []

    async def rows(self, query: Query, deadline: float | None = None) -> list[Row]:
        self.asked.append(query)
        return await super().rows(query, deadline)


def statements(dsn: str, requests: Sequence[Request]) -> list[Query]:
    """What this server sends to PostgreSQL for each of the requests."""
    return asyncio.run(_statements(dsn, requests))


async def _statements(dsn: str, requests: Sequence[Request]) -> list[Query]:
    settings = Settings(_env_file=None, database_url=SecretStr(dsn), log_level="ERROR")
    database = _Recording(settings)
    app = create_app(settings, database=database)
    await database.open()
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
        for method, path, body in requests:
            headers = {"Content-Type": "application/json"} if body else {}
            sent = body.replace(UNIQUE, secrets.token_hex(8))
            (await client.request(method, path, content=sent, headers=headers)).raise_for_status()
    await database.close()
    return database.asked


def run(dsn: str, queries: Sequence[Query], connections: int, seconds: float) -> Sample:
    """The statements one after another on each of min(connections, POOL) connections, rows fetched."""
    times = uvloop.run(_run(dsn, queries, min(connections, POOL), seconds))
    ordered = sorted(times)
    p50, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99))
    return Sample(len(times), len(times) / seconds, p50, p99)


async def _run(dsn: str, queries: Sequence[Query], connections: int, seconds: float) -> list[float]:
    opened = [await psycopg.AsyncConnection.connect(dsn, autocommit=True) for _ in range(connections)]
    turn, times = cycle(queries), list[float]()
    end = time.perf_counter() + seconds

    async def work(connection: psycopg.AsyncConnection[Any]) -> None:
        connection.adapters.register_loader("text", ByteaBinaryLoader)
        while (begin := time.perf_counter()) < end:
            sql, params = next(turn)
            await (await connection.execute(sql.encode(), _fresh(params), binary=True)).fetchall()
            times.append(time.perf_counter() - begin)

    await asyncio.gather(*map(work, opened))
    for connection in opened:
        await connection.close()
    return times


def _fresh(params: Any) -> Any:
    """A posted patient again, as another one."""
    records = params.get("records", "") if isinstance(params, dict) else ""
    if f'"patient_id": "{MARK}' not in records:
        return params
    return {**params, "records": _KEYS.sub(lambda key: f'"{key[1]}": "{MARK}{secrets.token_hex(8)}"', records)}


_KEYS = re.compile(r'"(id|patient_id)": "[^"]*"')
