"""Whether requests are served: what /health says, how long a request may wait, what the operator is told, and once.

Asked on a connection of its own, so that a busy pool is no outage. When there is none to be had, one that requests use
answers, or an answer that one of them got meanwhile: what keeps a newcomer out is no outage either.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

import psycopg

from app.errors import DatabaseUnavailable
from app.outages import SILENT, STATES, UNCONFIRMED, Needs, Outage, Unconfirmed, lacking, reason

log = logging.getLogger(__name__)
Rows = list[tuple[Any, ...]]

HEALTH_SECONDS = 1.5  # for the database to answer /health, which has 2
_APART_SECONDS = 1.0  # of them, for a connection of its own
_UNSURE_SECONDS = 10.0  # a standby that did not confirm is believed to be away so long, unless it confirms something
_UNCONFIRMED = Outage(UNCONFIRMED, UNCONFIRMED, reads=True)
_CHANGE = {"change": True}  # each is told, whereas a fault that repeats itself is counted

Look = Callable[[float], Awaitable[Rows]]
"""Asks the database for `outages.Needs`; by then, in the loop's time. Raises the driver's errors."""


class Watch:
    """What is known of one database. `outage` is the last that was found, None while requests are served."""

    def __init__(self, apart: Look, pooled: Look) -> None:
        self._apart, self._pooled = apart, pooled
        self.outage: Outage | None = None
        self._refusal: str | None = None  # why no new connection is to be had
        self._served = 0.0  # when a statement last succeeded, in the loop's time
        self._unconfirmed = -inf  # when a standby last did not confirm a change
        self._question: asyncio.Task[Outage | None] | None = None

    @property
    def away(self) -> bool:
        """Whether nothing can be served, as far as is known."""
        return self.outage is not None and not self.outage.reads

    def served(self) -> None:
        """A statement has succeeded: what was in the way may have gone, or was not in the way of this one."""
        self._served = asyncio.get_running_loop().time()
        if self.away:
            self.ask()

    def changed(self) -> None:
        """One that has changed something is acknowledged."""
        self._unconfirmed = -inf
        if self.outage == _UNCONFIRMED:
            self._note(None)

    def failed(self, error: Exception) -> None:
        """A statement of a request has failed. While why is known, nobody need be told of each."""
        if isinstance(error, Unconfirmed):
            self._unconfirmed = asyncio.get_running_loop().time()
            self.ask()  # for a server that has taken the place of this one, too
        elif self.outage is None:
            log.warning("a statement failed: %s", type(error).__name__)
            if type(error) in STATES:
                self.ask()

    def connected(self) -> None:
        """There is a new connection: what was in the way may have gone."""
        if self.outage:
            self.ask()

    def ask(self) -> "asyncio.Task[Outage | None]":
        """The question that is under way, or a new one: it serves all who ask meanwhile."""
        if self._question is None or self._question.done():
            self._question = asyncio.create_task(self._look())
        return self._question

    def close(self) -> None:
        if self._question:
            self._question.cancel()

    async def _look(self) -> Outage | None:
        begin = asyncio.get_running_loop().time()
        refusal, rows = await _tried(self._apart(begin + _APART_SECONDS))
        if refusal:
            _, rows = await _tried(self._pooled(begin + HEALTH_SECONDS))
        served = bool(rows) or self._served >= begin
        outage = (lacking(Needs(*rows[0])) if rows else None) if served else Outage(refusal)
        if outage == _UNCONFIRMED:
            self._unconfirmed = begin
        elif outage is None and self._unconfirmed > begin - _UNSURE_SECONDS:
            outage = _UNCONFIRMED
        self._note(outage)
        self._note_refusal(refusal)
        return outage

    def _note(self, outage: Outage | None) -> None:
        before, self.outage = self.outage, outage
        if outage == before:
            return
        if outage is None:
            log.warning("the database is back", extra=_CHANGE)
        elif outage.reads:
            log.warning("records can be read, not changed: %s", outage.cause, extra=_CHANGE)
        else:
            log.error("no records can be served: %s", outage.cause, extra=_CHANGE)

    def _note_refusal(self, cause: str) -> None:
        before, self._refusal = self._refusal, cause
        if cause not in ("", before, SILENT) and not self.away:  # slow is not refused
            log.warning("no new connection to the database: %s", cause, extra=_CHANGE)


async def _tried(rows: Awaitable[Rows]) -> tuple[str, Rows]:
    """Why there is no answer, or the answer."""
    try:
        return "", await rows
    except (psycopg.Error, OSError, DatabaseUnavailable) as error:  # a TimeoutError is an OSError
        return reason(_no_descriptor() or error), []


def _no_descriptor() -> OSError | None:
    """libpq that gets none says that the host is unknown, or nothing at all."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error
    return None
