"""What PostgreSQL did not do: which errors of the driver mean that, and ours for them."""

import psycopg
from psycopg import errors as pg

from app.errors import DatabaseUnavailable
from app.outages import STATES

# Conflicts between transactions: nothing was done, and the same statement may succeed now (PostgreSQL 13.5).
RETRY = (pg.SerializationFailure, pg.DeadlockDetected)

# Away, starting, stopping, saturated, cut off, or in one of the states. Anything else is a fault of ours.
UNAVAILABLE: tuple[type[Exception], ...] = (
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

    detail = "Somebody else is changing this at the moment. Nothing was done; try again shortly."


class UniqueViolation(Refused):
    """A unique constraint refused the statement (SQLSTATE 23505)."""


class Exhausted(Refused):
    """A sequence has no number left (SQLSTATE 2200H)."""
