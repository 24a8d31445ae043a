"""Why records cannot be served: a sentence for a driver's error, or for what a database says of itself. Pure.

Neither libpq's text nor PostgreSQL's goes any further: libpq's repeats parts of a mistyped URL, the password too.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import psycopg
from psycopg import errors as pg

from app.errors import DatabaseUnavailable

NOT_MIGRATED = "The database has no schema yet. Run: alembic upgrade head"
OUTDATED = "The database's schema lacks a column that this server needs. Run: alembic upgrade head"
NO_RIGHTS = "The database's user lacks a right on a table: it must be granted to read, add, change and delete."
READ_ONLY = "The database is read-only: records can be read, not changed."
UNCONFIRMED = "Changes wait for a synchronous standby that does not answer; none is acknowledged."
SILENT = "the database does not answer"


class Unconfirmed(pg.QueryCanceled):
    """The waiting of a commit for a synchronous standby was ended: it has happened, and a failover may undo it."""


class LeftBehind(psycopg.OperationalError):
    """The server was the primary until another took its place: what is done there will be undone."""

    def __init__(self) -> None:
        super().__init__("left behind by a failover")


# What a statement fails with that no other of its kind could be done with either -> for operators and clients.
STATES: Mapping[type[Exception], str] = {
    pg.UndefinedTable: NOT_MIGRATED,
    pg.UndefinedColumn: OUTDATED,
    pg.InsufficientPrivilege: NO_RIGHTS,
    pg.ReadOnlySqlTransaction: READ_ONLY,
    Unconfirmed: UNCONFIRMED,
}

# What libpq 18 or PostgreSQL 15 to 18 says, in English (others: the exception's name) -> what we say. The first counts.
_REASONS = {
    r"Too many open files": "this server has no file descriptor left (ulimit -n)",
    r"password authentication failed|no password supplied": "the database refuses DATABASE_URL's user or password",
    r"not permitted to log in": "the user named in DATABASE_URL may not log in (NOLOGIN)",
    r"authentication method requirement|channel binding": (
        "the database does not prove itself as DATABASE_URL asks (require_auth, channel_binding)"
    ),
    r"no pg_hba\.conf entry|authentication failed": "the database does not admit this user from here (pg_hba.conf)",
    r"permission denied for database": "the user named in DATABASE_URL may not connect to its database (CONNECT)",
    r"not currently accepting connections": "the database named in DATABASE_URL is closed (ALLOW_CONNECTIONS)",
    r'database "[^"]*" does not exist': "the database named in DATABASE_URL does not exist",
    r'role "[^"]*" does not exist': "the user named in DATABASE_URL does not exist",
    r"too many (clients|connections)|connection slots": (
        "the database has no connection left (max_connections, CONNECTION LIMIT)"
    ),
    r"session is (not )?read-only|server is (not )?in hot standby": (
        "no server in DATABASE_URL is of the kind that its target_session_attrs asks for"
    ),
    r"left behind": "the server in DATABASE_URL was replaced by another, and takes writes still",
    r"starting up|in recovery|not accepting": "the database is starting",
    r"shutting down": "the database is stopping",
    r"definition of service|service file": "the service named in DATABASE_URL is in no service file of this machine",
    r"translate host name|resolve host|Name or service": "the host in DATABASE_URL is unknown",
    r"refused|No such file": "nothing listens at the address in DATABASE_URL",
    r"unreachable|No route": "no way leads to the address in DATABASE_URL",
    r"Permission denied": "this server may not use the database's socket",
    r"timed out": SILENT,
    r"unsupported startup parameter": "the pooler takes no startup options: set DB_POOLED=true",
    r"certificate verify failed": "the database's certificate is not vouched for by the root certificate (sslrootcert)",
    r"does not match host name": "the database's certificate is for another host (sslmode=verify-full)",
    r"root certificate": "the root certificate that checks the database's is not there (sslrootcert)",
    r"certificate|private key": "this server's own certificate or key cannot be used (sslcert, sslkey)",
    r"invalid .*value|invalid port|invalid command-line|could not match|weak sslmode|requires a value|unrecognized": (
        "a parameter in DATABASE_URL has a value that cannot be used"
    ),
    r"SSL|GSSAPI": "the database and this server do not agree on encryption (sslmode)",
    r"closed the connection": "what listens at the address in DATABASE_URL hangs up: is it PostgreSQL?",
}


class Outage(NamedTuple):
    """Why requests cannot be served, for the operator and for clients. `reads`: those are, only changes are not."""

    cause: str
    detail: str = DatabaseUnavailable.detail
    reads: bool = False


class Needs(NamedTuple):
    """What a database says of what requests need. None: it cannot tell, because the one before is not so."""

    table: bool
    columns: bool
    may_read: bool | None
    may_write: bool | None
    read_only: bool
    unconfirmed: bool


def lacking(needs: Needs) -> Outage | None:
    """The gravest of what is not there."""
    tests = (
        (needs.table, NOT_MIGRATED, False),
        (needs.columns, OUTDATED, False),
        (needs.may_read, NO_RIGHTS, False),
        (not needs.read_only, READ_ONLY, True),
        (needs.may_write, NO_RIGHTS, True),
        (not needs.unconfirmed, UNCONFIRMED, True),
    )
    return next((Outage(said, said, reads) for there, said, reads in tests if not there), None)


def reason(error: Exception) -> str:
    """One sentence about a failed connection (PostgreSQL's error codes do not reach the client there)."""
    if isinstance(error, TimeoutError | pg.ConnectionTimeout):
        return SILENT
    if isinstance(error, psycopg.ProgrammingError):
        return STATES.get(type(error), "DATABASE_URL cannot be read as a PostgreSQL URL")
    text = str(error)
    return next((ours for theirs, ours in _REASONS.items() if re.search(theirs, text)), type(error).__name__)
