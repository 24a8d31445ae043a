"""The only room that opens connections: one pool, deadlines, and driver errors turned into `errors.*`.

Statements arrive as SQL text with named parameters (`Query`), compiled elsewhere by SQLAlchemy, and run in autocommit
on psycopg's own pool: one statement, one round trip, committed before the answer comes back. A statement is sent once;
only PostgreSQL's own "nothing was done, try again" is followed by a second attempt.
"""

import asyncio
import logging
import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

import psycopg
from psycopg import errors as pg
from psycopg.types.string import ByteaBinaryLoader
from psycopg_pool import AsyncConnectionPool

from app import libpq
from app.config import Settings
from app.errors import DatabaseUnavailable
from app.outages import STATES, Outage
from app.sql import Change, Query
from app.watch import HEALTH_SECONDS, Watch

Row = tuple[Any, ...]
Connection = psycopg.AsyncConnection[Row]

LOST_SECONDS = 0.5  # a database known to be away is waited for no longer; also between two attempts to connect
SHARE = 0.875  # of the deadline, for the pool to give a connection and for a statement; the rest is for saying so

# Conflicts between transactions: nothing was done, and the same statement may succeed now (PostgreSQL 13.5).
_RETRY = (pg.SerializationFailure, pg.DeadlockDetected)
_PAUSES = (0, 0.01, 0.02, 0.04, 0.08, 0.16)  # seconds before each attempt

# A peer that is gone without a word is noticed within 20 seconds.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 5000}

# Away, starting, stopping, saturated, cut off, or in one of the states. Anything else is a fault of ours.
_UNAVAILABLE: tuple[type[Exception], ...] = (
    psycopg.OperationalError,  # the pool's errors, failed connections, SQLSTATE 08, 53, 57P, 57014 among them
    psycopg.InterfaceError,
    *STATES,
    OSError,
)


class Refused(Exception):
    """PostgreSQL will not do the statement because of its values; nothing was done (SQLSTATE 22, 23).

    `constraint` is the name in the catalog of the one that refused, if one did.
    """

    def __init__(self, constraint: str | None = None) -> None:
        self.constraint = constraint or ""
        super().__init__(self.constraint)


class Locked(DatabaseUnavailable):
    """Somebody else's lock was waited for as long as the statement allows; nothing was done (SQLSTATE 55P03)."""


class UniqueViolation(Refused):
    """A unique constraint refused the statement (SQLSTATE 23505)."""


class PoolUse(NamedTuple):
    """Connections of the pool, and the requests that wait for one."""

    limit: int
    open: int
    idle: int
    waiting: int


class Database:
    """A pool of connections to one PostgreSQL, opened by `open` and closed by `close`.

    It need not be reachable: until it is, statements raise `DatabaseUnavailable`, within `DB_DEADLINE` seconds.
    `needs` asks for what requests need; its row is `outages.Needs`.
    """

    def __init__(self, settings: Settings, needs: Query) -> None:
        self._dsn = settings.database_url.get_secret_value() if settings.database_url else ""
        self._deadline = settings.db_deadline
        self._options = _connection_options(self._dsn, settings)
        self._needs = needs
        self._watch = Watch(self._apart, partial(self._once, needs))
        self._pool = AsyncConnectionPool(
            self._dsn,
            kwargs=self._options,
            min_size=min(2, settings.db_pool_size),
            max_size=settings.db_pool_size,
            reconnect_timeout=LOST_SECONDS,
            reconnect_failed=self._on_lost,
            configure=self._on_connected,
            check=self._refuse_closed,
            open=False,
            name="patients",
        )

    async def open(self) -> None:
        # Its lines repeat libpq's texts (see `outages`); ours say what is wrong, once.
        logging.getLogger("psycopg").setLevel(logging.CRITICAL)
        await self._pool.open()

    async def close(self) -> None:
        self._watch.close()
        await self._pool.close(timeout=HEALTH_SECONDS)

    async def rows(self, query: Query, since: float | None = None) -> list[Row]:
        """The rows of one statement, committed.

        The deadline counts from `since` (the loop's time), else from now. Raises `Refused`, `UniqueViolation` among it,
        or `DatabaseUnavailable` when there is no answer in time: a write may then have happened or not. Who is
        cancelled leaves the queue of the pool; one that was sent is given up unless it is a `Change`.
        """
        try:
            rows = await self._rows(query, (since or now()) + self._deadline)
        except pg.UniqueViolation as error:
            raise UniqueViolation(error.diag.constraint_name) from None
        except pg.LockNotAvailable as error:
            raise Locked from error
        except _UNAVAILABLE as error:
            self._watch.failed(error)
            raise DatabaseUnavailable(STATES.get(type(error))) from error
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise Refused(error.diag.constraint_name) from error
        self._watch.served()
        return rows

    async def outage(self) -> Outage | None:
        """Why requests cannot be served now, in at most `watch.HEALTH_SECONDS`; None if they can."""
        return await asyncio.shield(self._watch.ask())

    def pool_use(self) -> PoolUse:
        now = self._pool.get_stats()
        return PoolUse(now["pool_max"], now["pool_size"], now["pool_available"], now["requests_waiting"])

    async def _rows(self, query: Query, end: float) -> list[Row]:
        for pause in _PAUSES:
            if pause:  # sleep(0) would let others go first
                await asyncio.sleep(pause)
            try:
                return await self._once(query, end)
            except _RETRY:
                continue
            except psycopg.OperationalError:
                await self._suspect(end)
                raise
        raise DatabaseUnavailable

    async def _once(self, query: Query, end: float) -> list[Row]:
        # Without `pool.connection()`, which commits what has committed itself: an eighth of a small statement's time.
        connection = await self._pool.getconn(self._patience(end))
        answer = self._answer(connection, query, end)
        return await (asyncio.shield(answer) if isinstance(query, Change) else answer)

    async def _answer(self, connection: Connection, query: Query, end: float) -> list[Row]:
        try:
            with _cut_off(connection, end):
                return await _fetched(connection, query)
        finally:
            await self._pool.putconn(connection)

    def _patience(self, end: float) -> float:
        """Seconds to wait for a connection of the pool. Raises `DatabaseUnavailable` if there are none left."""
        if (left := end - now()) <= 0:
            raise DatabaseUnavailable
        return min(left, LOST_SECONDS if self._watch.away else self._deadline * SHARE)

    async def _suspect(self, end: float) -> None:
        """A server that let the deadline pass may be gone without a word, and the idle connections with it."""
        if now() >= end:
            await self._pool.drain()

    async def _refuse_closed(self, connection: Connection) -> None:
        """Before each use: nothing is sent on a connection that the server has closed, so no write is in doubt for it.

        Another connection serves instead. Where one is closed the others are too.
        """
        if _is_closed(connection):
            await self._pool.drain()
            raise psycopg.OperationalError

    async def _on_connected(self, connection: Connection) -> None:
        """Text comes as the bytes PostgreSQL sent (client_encoding is UTF-8): JSON passes through undecoded."""
        connection.adapters.register_loader("text", ByteaBinaryLoader)
        self._watch.connected()

    async def _on_lost(self, _: AsyncConnectionPool[Connection]) -> None:
        """The pool cannot connect: find out why."""
        self._watch.ask()

    async def _apart(self, end: float) -> list[Row]:
        """What the database has of what requests need, on a connection that nothing else uses."""
        async with asyncio.timeout_at(end):
            connection = await psycopg.AsyncConnection.connect(self._dsn, **self._options)
        async with connection:
            with _cut_off(connection, end):
                return await _fetched(connection, self._needs)


async def _fetched(connection: Connection, query: Query) -> list[Row]:
    return await (await connection.execute(query.sql, query.params, binary=True)).fetchall()


@contextmanager
def _cut_off(connection: Connection, end: float) -> Iterator[None]:
    """Shut the connection's socket at `end`, which fails what waits for it.

    Cancelling would not do: psycopg then asks the server to cancel, and waits for a frozen one.
    """
    timer = asyncio.get_running_loop().call_at(end, _shut, connection)
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: Connection) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _is_closed(connection: Connection) -> bool:
    """Whether the server has closed this idle connection, found out without a round trip: its end can be read."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    try:
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return False


def now() -> float:
    """The loop's time, in seconds."""
    return asyncio.get_running_loop().time()


def _connection_options(dsn: str, settings: Settings) -> dict[str, Any]:
    """libpq's parameters (PostgreSQL 34.1.2) and psycopg's own. A transaction-mode pooler refuses `options` and breaks
    prepared statements, so `DB_POOLED=true` adds none; set statement_timeout and jit with ALTER ROLE there."""
    timeout = round(settings.db_deadline * SHARE * 1000)
    limits = f"-c statement_timeout={timeout} -c jit=off"  # compiling takes longer than any read
    options = libpq.parameters(dsn, "patients-api", _KEEPALIVES, "" if settings.db_pooled else limits)
    pooled = {"prepare_threshold": None} if settings.db_pooled else {}
    return {**options, "connect_timeout": settings.db_connect_timeout, "autocommit": True, **pooled}
