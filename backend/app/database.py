"""The only room that opens connections: one pool, deadlines, and driver errors turned into `errors.*`.

Statements arrive as SQL text with named parameters (`Query`), compiled elsewhere by SQLAlchemy, and run in autocommit
on psycopg's own pool: one statement, one round trip, committed before the answer comes back.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.types.string import ByteaBinaryLoader
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from app.config import Settings
from app.errors import DatabaseUnavailable
from app.sql import Query

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Row = tuple[Any, ...]


class UniqueViolation(Exception):
    """A unique constraint refused the statement; `constraint` is its name in the catalog (SQLSTATE 23505)."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        super().__init__(constraint)


# Conflicts between transactions: nothing was done, and the same statement may succeed now (PostgreSQL 13.5).
_RETRY = (pg.SerializationFailure, pg.DeadlockDetected)
_ATTEMPTS = 5
_NOT_MIGRATED = "The database has no schema yet. Run: alembic upgrade head"


class Database:
    """A pool of connections to one PostgreSQL, opened by `open` and closed by `close`.

    It need not be reachable: until it is, statements raise `DatabaseUnavailable`, within `DB_DEADLINE` seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self._dsn = dsn = settings.database_url.get_secret_value() if settings.database_url else ""
        self._deadline = settings.db_deadline
        self._connect_timeout = settings.db_connect_timeout
        self._options = _connection_options(settings)
        self._abandoned: set[asyncio.Task[Any]] = set()
        self._pool = AsyncConnectionPool(
            dsn,
            kwargs=self._options,
            min_size=min(2, settings.db_pool_size),
            max_size=settings.db_pool_size,
            timeout=self._deadline,
            reconnect_timeout=self._connect_timeout,
            configure=_carry_bytes,
            open=False,
            name="patients",
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close(timeout=self._connect_timeout)

    async def rows(self, query: Query) -> list[Row]:
        """The rows of one statement, committed.

        Raises `UniqueViolation`, or `DatabaseUnavailable` when there is no answer in time.
        """
        return await self._in_time(self._rows(query))

    async def ping(self) -> None:
        """Ask on a connection of its own, so that a busy pool is not an outage.

        Raises `DatabaseUnavailable` when the database does not answer or has no patients table.
        """
        await self._in_time(self._ping(), deadline=self._connect_timeout * 0.75)

    async def _ping(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._dsn, **self._options) as connection:
            found = await (await connection.execute("SELECT to_regclass('patients') IS NOT NULL")).fetchone()
        if found != (True,):
            raise DatabaseUnavailable(_NOT_MIGRATED)

    async def _rows(self, query: Query) -> list[Row]:
        for attempt in range(_ATTEMPTS):
            try:
                async with self._pool.connection() as connection:
                    return await _execute(connection, query)
            except _RETRY:
                await asyncio.sleep(0.01 * 2**attempt)
        raise DatabaseUnavailable

    async def _in_time(self, work: Coroutine[Any, Any, Result], deadline: float | None = None) -> Result:
        """The work's result within the deadline.

        Cancelling psycopg on a frozen server waits for that server; so late work is left behind to end by itself.
        """
        task = asyncio.create_task(work)
        done, _ = await asyncio.wait({task}, timeout=deadline or self._deadline)
        if not done:
            self._leave(task)
            raise DatabaseUnavailable
        try:
            return task.result()
        except _UNAVAILABLE as error:
            log.warning("database unavailable: %s", type(error).__name__)
            raise DatabaseUnavailable(_NOT_MIGRATED if isinstance(error, pg.UndefinedTable) else None) from error
        except pg.UniqueViolation as error:
            raise UniqueViolation(error.diag.constraint_name or "") from None

    def _leave(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.add(task)
        task.add_done_callback(self._abandoned.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        log.warning("database did not answer within its deadline")


# Away, starting, stopping, saturated, cut off, not migrated. Anything else is a fault of ours.
_UNAVAILABLE = (
    psycopg.OperationalError,  # connection failures, SQLSTATE 08, 53, 57P, 57014 (QueryCanceled) among them
    psycopg.InterfaceError,
    pg.UndefinedTable,
    PoolTimeout,
    PoolClosed,
    TooManyRequests,
    OSError,
)


async def _carry_bytes(connection: psycopg.AsyncConnection[Any]) -> None:
    """Text comes as the bytes PostgreSQL sent (client_encoding is UTF-8): JSON passes through undecoded."""
    connection.adapters.register_loader("text", ByteaBinaryLoader)


async def _execute(connection: psycopg.AsyncConnection[Row], query: Query) -> list[Row]:
    cursor = await connection.execute(query.sql, query.params, binary=True)
    return await cursor.fetchall()


def _connection_options(settings: Settings) -> dict[str, Any]:
    """libpq's parameters (PostgreSQL 34.1.2) and psycopg's own. A transaction-mode pooler refuses `options` and breaks
    prepared statements, so `DB_POOLED=true` leaves both out; set statement_timeout with ALTER ROLE there."""
    options: dict[str, Any] = {
        "autocommit": True,
        "client_encoding": "utf8",
        "connect_timeout": max(2, round(settings.db_connect_timeout)),
        "application_name": "patients-api",
        "keepalives_idle": 10,
        "tcp_user_timeout": 5000,
    }
    if settings.db_pooled:
        return options | {"prepare_threshold": None}
    return options | {"options": f"-c statement_timeout={round(settings.db_deadline * 1000)}"}
