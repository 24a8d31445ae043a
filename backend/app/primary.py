"""Which server is written to: the newest primary of those that DATABASE_URL names, never one that it left behind.

A promotion begins a new timeline (PostgreSQL 26.3), so of two servers of one cluster that both say that they are its
primary, the one on the higher timeline is. libpq would take the first that says so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Self, TypeVar

import psycopg
from psycopg.errors import Diagnostic

from app import libpq
from app.ending import Ending
from app.outages import LeftBehind, Unconfirmed

_OTHERS_SECONDS = 0.2  # that the other servers have to answer, once one has
_GRACE = 0.1  # seconds

# Of a server its cluster and, if it is a primary, the timeline that it writes. Anybody may ask.
_TIMELINE = """SELECT system_identifier, CASE WHEN NOT pg_is_in_recovery()
THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END FROM pg_control_system()"""
_UNTOLD = (psycopg.ProgrammingError, psycopg.NotSupportedError)  # it may not be asked, or is only like a PostgreSQL


class Timeline(NamedTuple):
    """A cluster's system identifier and the number of one of its timelines."""

    cluster: int
    number: int


class Connection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """One that knows which timeline it writes, None if it does not say, and that a commit was not waited for."""

    timeline: Timeline | None = None
    unconfirmed = False

    @classmethod
    async def connect(cls, conninfo: str = "", **options: Any) -> Self:
        """As psycopg does, to the server that `primary` chooses, one of `options`. Raises psycopg's errors."""
        primary: Primary = options.pop("primary")
        return await primary.choose([cls._to(conninfo, {**options, **host}) for host in libpq.hosts(conninfo)])

    @classmethod
    async def _to(cls, conninfo: str, options: dict[str, Any]) -> Self:
        connection = await super().connect(conninfo, **options)
        connection.add_notice_handler(connection._heard)
        end = asyncio.get_running_loop().time() + options["connect_timeout"]
        with Ending(connection, end, _GRACE), suppress(*_UNTOLD):
            [(cluster, number)] = await (await connection.execute(_TIMELINE)).fetchall()
            connection.timeline = Timeline(cluster, number) if number else None
        return connection

    def _heard(self, notice: Diagnostic) -> None:
        """Whoever ended the waiting for a standby, the commit then is answered as if it had been confirmed (20.6.1)."""
        self.unconfirmed |= notice.source_function == "SyncRepWaitForLSN"


Chosen = TypeVar("Chosen", bound=Connection)


class Primary:
    """The newest timeline that was seen. `moved` is called when it is another one: what is connected is elsewhere."""

    def __init__(self, moved: Callable[[], Awaitable[None]]) -> None:
        self._moved = moved
        self._newest: Timeline | None = None

    async def choose(self, tries: Sequence[Coroutine[Any, Any, Chosen]]) -> Chosen:
        """The one to the newest primary, of those that are made. Raises `LeftBehind` if a newer one was seen before."""
        made = await _made([asyncio.create_task(one) for one in tries])
        best = max(made, key=self._rank)
        left_behind = self._is_behind(best.timeline)
        for other in made:
            if other is not best or left_behind:
                await other.close()
        if left_behind:
            raise LeftBehind
        await self._note(best.timeline)
        return best

    def promised(self, connection: Connection) -> None:
        """Raises `Unconfirmed` or `LeftBehind` where what has just been answered may be undone."""
        if connection.unconfirmed:
            connection.unconfirmed = False
            raise Unconfirmed
        if connection.timeline not in (None, self._newest):
            raise LeftBehind

    def _rank(self, connection: Connection) -> tuple[bool, int]:
        theirs = connection.timeline
        return self._is_known(theirs), theirs.number if theirs else 0

    def _is_known(self, theirs: Timeline | None) -> bool:
        return bool(theirs and self._newest and theirs.cluster == self._newest.cluster)

    def _is_behind(self, theirs: Timeline | None) -> bool:
        return bool(theirs and self._newest and self._is_known(theirs) and theirs.number < self._newest.number)

    async def _note(self, theirs: Timeline | None) -> None:
        before = self._newest
        if theirs and theirs != before:
            self._newest = theirs
            if before:
                await self._moved()


async def _made(tries: Sequence[asyncio.Task[Chosen]]) -> Sequence[Chosen]:
    """Those that are connected soon after the first of them. Raises psycopg's error, with every text, if none is."""
    try:
        for first in asyncio.as_completed(tries):
            with suppress(psycopg.Error):
                await first
                await asyncio.wait(tries, timeout=_OTHERS_SECONDS)
                break
    finally:
        for one in tries:
            one.cancel()
    failures = [failure for one in tries if one.done() and (failure := one.exception())]
    if len(failures) == len(tries):
        raise type(failures[-1])("\n".join(map(str, failures)))
    return [one.result() for one in tries if one.done() and not one.exception()]
