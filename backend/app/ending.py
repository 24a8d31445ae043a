"""A statement is over by its deadline, in PostgreSQL too: what was given up here must not happen there later."""

import asyncio
import os
import socket
from contextlib import suppress
from types import TracebackType
from typing import Any

import psycopg
from psycopg import errors as pg

_AGAIN = 0.02  # seconds; a pooler that has the statement in its queue forgets the request, and sends it later


class Ending:
    """Around one statement on a connection. Raises `QueryCanceled` for one that was given up, whatever it answered.

    At `end - grace` (the loop's time) PostgreSQL is asked to cancel it (34.7). That is heard through a pooler and by a
    commit that waits for a synchronous standby, neither of which notices a closed socket; such a commit then says that
    it has succeeded, though only here. Who has not answered by `end` is frozen or gone: the socket is shut, which fails
    what waits for it. Either way the connection is closed, so that a late cancel request hits nothing else.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], end: float, grace: float) -> None:
        self._connection, self._end, self._grace = connection, end, grace
        self._request: asyncio.Task[None] | None = None
        self._over = False

    def __enter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._end - self._grace, self._give_up)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._over = True
        if self._request:
            self._connection.pgconn.finish()
            if error is None:
                raise pg.QueryCanceled

    def _give_up(self) -> None:
        self._request = asyncio.create_task(self._cancel())
        self._timer = asyncio.get_running_loop().call_at(self._end, self._shut)

    async def _cancel(self) -> None:
        """Again until it is over; the last request is let through, for PostgreSQL may be slower than we wait."""
        while not self._over:
            with suppress(psycopg.Error, OSError):
                await self._connection.cancel_safe(timeout=self._grace)
            await asyncio.sleep(_AGAIN)

    def _shut(self) -> None:
        with suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
