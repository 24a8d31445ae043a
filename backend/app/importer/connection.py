"""The importer's own connection to PostgreSQL, and what is said when it fails: never a password, never a record."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import IsolationLevel

from app import PROGRAM, libpq, outages

_ABOUT_VALUES = ("22", "23")  # SQLSTATE classes whose messages repeat values (PostgreSQL, Appendix A)


class DatabaseFailed(Exception):
    """The database did not do it; the text is a sentence."""


@contextmanager
def connected(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection with one transaction, rolled back unless committed. Nothing in it needs a session.

    Raises `DatabaseFailed` for whatever the driver raises in the block.
    """
    try:
        with _connect(dsn) as connection:
            yield connection
            connection.rollback()
    except psycopg.Error as error:
        raise DatabaseFailed(_sentence(error)) from None


def _connect(dsn: str) -> psycopg.Connection[Any]:
    try:
        connection = libpq.connect(dsn, f"{PROGRAM}-import")
    except psycopg.Error as error:
        raise DatabaseFailed(outages.reason(error)) from None
    connection.isolation_level = IsolationLevel.READ_COMMITTED  # what others committed while we waited is seen
    connection.read_only = False
    return connection


def _sentence(error: psycopg.Error) -> str:
    if error.sqlstate is None:
        return "the connection to the database was lost; run it again to see what is there"
    if error.sqlstate.startswith(_ABOUT_VALUES):
        where = error.diag.constraint_name or error.diag.table_name or ""
        return f"the database refused a row: {type(error).__name__} {where}".rstrip()
    return f"the database refused: {error.diag.message_primary} ({error.sqlstate})"
