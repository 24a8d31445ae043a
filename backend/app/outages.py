"""Why the database cannot be reached: from the driver's error to a sentence for the operator. Pure.

Neither libpq's text nor PostgreSQL's goes any further: libpq's repeats parts of a mistyped URL, the password too.
"""

import re

import psycopg
from psycopg import errors as pg

NOT_MIGRATED = "The database has no schema yet. Run: alembic upgrade head"

# What libpq 18 or PostgreSQL 15 to 18 says, in English (others: the exception's name) -> what we say. The first counts.
_REASONS = {
    r"password authentication failed|no password supplied": "the database refuses DATABASE_URL's user or password",
    r"no pg_hba\.conf entry|authentication failed": "the database does not admit this user from here (pg_hba.conf)",
    r'database "[^"]*" does not exist': "the database named in DATABASE_URL does not exist",
    r'role "[^"]*" does not exist': "the user named in DATABASE_URL does not exist",
    r"too many (clients|connections)|connection slots": "the database has no connection left (max_connections)",
    r"starting up|in recovery|not accepting": "the database is starting",
    r"shutting down": "the database is stopping",
    r"translate host name|resolve host|Name or service": "the host in DATABASE_URL is unknown",
    r"refused|No such file": "nothing listens at the address in DATABASE_URL",
    r"SSL|GSSAPI": "the database and this server do not agree on encryption (sslmode)",
}


def reason(error: Exception) -> str:
    """One sentence about a failed connection (PostgreSQL's error codes do not reach the client there)."""
    if isinstance(error, TimeoutError | pg.ConnectionTimeout):
        return "the database does not answer"
    if isinstance(error, psycopg.ProgrammingError):
        return "DATABASE_URL cannot be read as a PostgreSQL URL"
    text = str(error)
    return next((ours for theirs, ours in _REASONS.items() if re.search(theirs, text)), type(error).__name__)
