"""What a request's connection is given when it is made, and whether it is still one."""

import select
from typing import Any

import psycopg

from app import PROGRAM, libpq
from app.config import Settings

GRACE = 0.125  # of the deadline, to end in PostgreSQL what did not end by itself, and to say so
LOCK_TIMEOUT = 0.1  # seconds; who meets somebody else's lock lets the connection go, and tries again

# A peer that is gone without a word is noticed within 20 seconds.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 5000}


def options(dsn: str, settings: Settings) -> dict[str, Any]:
    """libpq's parameters (PostgreSQL 34.1.2) and psycopg's own. A transaction-mode pooler refuses `options` and breaks
    prepared statements, so `DB_POOLED=true` adds none; what they say is set with ALTER ROLE there."""
    timeouts = {"statement_timeout": settings.db_deadline * (1 - GRACE), "lock_timeout": LOCK_TIMEOUT}
    limits = " ".join(f"-c {name}={round(seconds * 1000)}" for name, seconds in timeouts.items())
    limits += " -c jit=off"  # compiling takes longer than any read
    given = libpq.parameters(dsn, PROGRAM, _KEEPALIVES, "" if settings.db_pooled else limits)
    pooled = {"prepare_threshold": None} if settings.db_pooled else {}
    return {**given, "connect_timeout": settings.db_connect_timeout, "autocommit": True, **pooled}


def is_closed(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Whether the server has closed this idle connection, found out without a round trip: its end can be read."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    try:
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return False
