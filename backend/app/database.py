"""The only room that opens connections: one pool, deadlines, and driver errors turned into `errors.*`.

Statements arrive as SQL text with what it binds (`Query`), and run in autocommit on psycopg's own pool: one statement,
one round trip, committed before the answer comes back. A statement is sent once; only PostgreSQL's own "nothing was
done, try again" is followed by a second attempt.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from math import inf
from typing import Any, NamedTuple

import psycopg
from psycopg import errors as pg
from psycopg.types.string import ByteaBinaryLoader
from psycopg_pool import AsyncConnectionPool

from app import PROGRAM
from app.config import Settings
from app.connections import GRACE, is_closed, options
from app.ending import Ending
from app.errors import DatabaseUnavailable
from app.lanes import lanes
from app.outages import STATES, Outage
from app.primary import Connection, Primary
from app.refused import RETRY, UNAVAILABLE, Exhausted, Locked, Refused, UniqueViolation
from app.sql import Change, Changes, Query
from app.watch import HEALTH_SECONDS, Watch

Row = tuple[Any, ...]
Leave = Callable[[], None]  # gives a seat in a lane back

LOST_SECONDS = 0.5  # a database known to be away is waited for no longer; also between two attempts to connect
HEALTH_GRACE = 0.1  # seconds

# In seconds, for a statement that met somebody else's lock: no connection waits for one longer than LOCK_TIMEOUT.
_LOCK_PAUSE = 0.02
_LOCK_PATIENCE = 0.5  # a write then is refused; a read goes on until its deadline

_PAUSES = (0, 0.01, 0.02, 0.04, 0.08, 0.16)  # seconds before each attempt


class PoolUse(NamedTuple):
    """Connections of the pool, and the requests that wait for one."""

    limit: int
    open: int
    idle: int
    waiting: int


class Database:
    """A pool of connections to one PostgreSQL, opened by `open` and closed by `close`.

    It need not be reachable: until it is, statements raise `DatabaseUnavailable`, within `DB_DEADLINE` seconds.
    `needs` asks for what requests need; its row is `outages.Needs`. `written` is set whenever a change is committed;
    who waits for that clears it. `changes` counts those.
    """

    def __init__(self, settings: Settings, needs: Query) -> None:
        self.written = asyncio.Event()
        self.changes = 0
        self._dsn = settings.database_url.get_secret_value() if settings.database_url else ""
        self._deadline = settings.db_deadline
        self._primary = Primary(self._drain)
        self._options = {"primary": self._primary, **options(self._dsn, settings)}
        self._needs = needs
        self._watch = Watch(self._apart, partial(self._once, needs, HEALTH_GRACE))
        self._grace = settings.db_deadline * GRACE
        self._lanes = lanes(settings.db_pool_size, settings.db_pooled)
        self._trying: asyncio.Task[None] | None = None
        self._pool = AsyncConnectionPool(
            self._dsn,
            connection_class=Connection,
            kwargs=self._options,
            min_size=min(2, settings.db_pool_size),
            max_size=settings.db_pool_size,
            reconnect_timeout=LOST_SECONDS,
            reconnect_failed=self._on_lost,
            configure=self._on_connected,
            check=self._refuse_closed,
            open=False,
            name=PROGRAM,
        )

    async def open(self) -> None:
        # Its lines repeat libpq's texts (see `outages`); ours say what is wrong, once.
        logging.getLogger("psycopg").setLevel(logging.CRITICAL)
        await self._pool.open()

    async def close(self) -> None:
        self._watch.close()
        if self._trying:
            self._trying.cancel()
        await self._pool.close(timeout=HEALTH_SECONDS)

    def deadline(self) -> float:
        """Of a request that comes now, in the loop's time."""
        return now() + self._deadline

    async def rows(self, query: Query, deadline: float | None = None) -> list[Row]:
        """The rows of one statement, committed, by the deadline (the loop's time; else that of a request of now).

        Raises `Refused`, `UniqueViolation` and `Exhausted` among it, `Locked`, or `DatabaseUnavailable` when there is
        no answer in time: a write has then happened or never will. Who is cancelled leaves the queue; a statement that
        was sent is given up unless it is a `Change`.
        """
        try:
            rows = await self._rows(query, self.deadline() if deadline is None else deadline)
        except pg.UniqueViolation as error:
            raise UniqueViolation(error.diag.constraint_name) from None
        except pg.SequenceGeneratorLimitExceeded:
            raise Exhausted from None
        except pg.LockNotAvailable as error:
            if not isinstance(query, Changes):  # of these each goes alone now
                self._watch.failed(error)
            raise Locked from error
        except UNAVAILABLE as error:
            self._watch.failed(error)
            raise DatabaseUnavailable(STATES.get(type(error))) from error
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise Refused(error.diag.constraint_name) from error
        self._watch.served()
        if isinstance(query, Change):
            self.written.set()
            self.changes += 1
            if rows:
                self._watch.changed()
        return rows

    async def outage(self) -> Outage | None:
        """Why requests cannot be served now, in at most `watch.HEALTH_SECONDS`; None if they can."""
        return await asyncio.shield(self._watch.ask())

    def pool_use(self) -> PoolUse:
        now = self._pool.get_stats()
        waiting = now["requests_waiting"] + sum(lane.waiting for lane in set(self._lanes.values()))
        return PoolUse(now["pool_max"], now["pool_size"], now["pool_available"], waiting)

    async def _rows(self, query: Query, end: float) -> list[Row]:
        for pause in _PAUSES:
            if pause:  # sleep(0) would let others go first
                await asyncio.sleep(pause)
            try:
                return await self._unlocked(query, end)
            except RETRY:
                continue
            except psycopg.OperationalError:
                await self._suspect(end)
                raise
        raise DatabaseUnavailable

    async def _unlocked(self, query: Query, end: float) -> list[Row]:
        lane = self._lanes[type(query)]
        enough = end - self._deadline + _LOCK_PATIENCE if isinstance(query, Change) else end
        while True:
            try:
                rows = await self._once(query, self._grace, end, enough if lane.stuck else end)
            except pg.LockNotAvailable:
                lane.stuck = True
                if now() >= enough or isinstance(query, Changes):
                    raise
                await asyncio.sleep(_LOCK_PAUSE)
            else:
                lane.stuck = False
                return rows

    async def _once(self, query: Query, grace: float, end: float, enough: float = inf) -> list[Row]:
        leave = await self._lanes[type(query)].enter(min(self._patience(end - grace), max(0, enough - now())))
        connection = await self._lent(leave, end - grace)
        answer = self._answer(connection, leave, Ending(connection, end, grace), query)
        return await (asyncio.shield(answer) if isinstance(query, Change) else answer)

    async def _lent(self, leave: Leave, end: float) -> Connection:
        """A connection of the pool for who is in the lane, who leaves it without one."""
        # Without `pool.connection()`, which commits what has committed itself: an eighth of a small statement's time.
        with ExitStack() as otherwise:
            otherwise.callback(leave)
            connection = await self._pool.getconn(self._patience(end))
            otherwise.pop_all()
        return connection

    async def _answer(self, connection: Connection, leave: Leave, ending: Ending, query: Query) -> list[Row]:
        try:
            with ending:
                return await self._fetched(connection, query)
        finally:
            leave()
            await self._pool.putconn(connection)

    def _patience(self, end: float) -> float:
        """Seconds to wait in a queue. Raises `TimeoutError` if there are none left."""
        if (left := end - now()) <= 0:
            raise TimeoutError
        return min(left, LOST_SECONDS) if self._watch.away else left

    async def _suspect(self, end: float) -> None:
        """A server that let the deadline pass may be gone without a word, and the idle connections with it."""
        if now() >= end:
            await self._pool.drain()

    async def _drain(self) -> None:
        """Who has a connection keeps it until it is answered; then others are made."""
        await self._pool.drain()

    async def _refuse_closed(self, connection: Connection) -> None:
        """Before each use: nothing is sent on a connection that the server has closed, so no write is in doubt for it.

        Another connection serves instead. Where one is closed the others are too.
        """
        if is_closed(connection):
            await self._pool.drain()
            raise psycopg.OperationalError

    async def _on_connected(self, connection: Connection) -> None:
        """Text comes as the bytes PostgreSQL sent (client_encoding is UTF-8): JSON passes through undecoded."""
        connection.adapters.register_loader("text", ByteaBinaryLoader)
        self._watch.connected()

    async def _on_lost(self, _: AsyncConnectionPool[Connection]) -> None:
        """The pool cannot connect: find out why, and try on for those who wait, for it does so only for who comes."""
        self._watch.ask()
        if self._trying is None or self._trying.done():
            self._trying = asyncio.create_task(self._try_on())

    async def _try_on(self) -> None:
        while self._pool.get_stats()["requests_waiting"]:
            with suppress(psycopg.OperationalError):
                await self._pool.putconn(await self._pool.getconn(LOST_SECONDS))

    async def _apart(self, end: float) -> list[Row]:
        """What the database has of what requests need, on a connection that nothing else uses."""
        async with asyncio.timeout_at(end):
            connection = await Connection.connect(self._dsn, **self._options)
        async with connection:
            with Ending(connection, end, HEALTH_GRACE):
                return await self._fetched(connection, self._needs)

    async def _fetched(self, connection: Connection, query: Query) -> list[Row]:
        rows = await (await connection.execute(query.sql, query.params, binary=True)).fetchall()
        self._primary.promised(connection)
        return rows


def now() -> float:
    """The loop's time, in seconds."""
    return asyncio.get_running_loop().time()
