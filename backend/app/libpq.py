"""DATABASE_URL: how it is read, and what every connection to it has. What is not said here is libpq's own business.

PostgreSQL 34.1 says what a URL may hold. Nothing that is said of one repeats a part of it that may be a password.
"""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cache
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from app import PROGRAM

# What libpq takes (34.1.1.2), and SQLAlchemy's spelling of it, which people copy from elsewhere.
SCHEMES = ("postgres://", "postgresql://", "postgresql+psycopg://")

_PATIENCE = 10  # seconds to connect, where neither the URL nor the caller says
_USER = re.compile(r"[a-z]+://(?:[^@/]*@)?")  # to where libpq reads a user and a password
_MAY_HAVE_AT = {"user", "password", "sslpassword"}

_LISTS = ("host", "hostaddr", "port")  # of several servers (34.1.1.3)
_WRITABLE = ("read-write", "primary")  # of target_session_attrs: of several servers the one primary is wanted

_UNREADABLE = "is not a URL that libpq can read; a % : / @ in a name or password is percent-encoded"
_AT = "has an @ too many; one in a name or password is written %40"
_PORT = "has a port that is not a number"
_UNKNOWN = "has what PostgreSQL's library does not know: "

# Other libraries' parameters, which hosts write into the URLs they hand out -> what does it here.
_POOLED, _SIZE, _TIME = "DB_POOLED=true", "DB_POOL_SIZE", "DB_DEADLINE"
_SCHEMA = "options=-csearch_path%3Dname; public needs none"
_HERE = {
    "pgbouncer": _POOLED,
    "prepareThreshold": _POOLED,
    "statement_cache_size": _POOLED,
    "schema": _SCHEMA,
    "currentSchema": _SCHEMA,
    "search_path": _SCHEMA,
    "connection_limit": _SIZE,
    "pool_size": _SIZE,
    "pool_timeout": _TIME,
    "socket_timeout": _TIME,
    "statement_timeout": _TIME,
    "ssl": "sslmode=require",
    "sslaccept": "sslmode=verify-full",
}


def checked(url: str) -> str:
    """The URL as libpq takes it. Raises `ValueError`: a sentence without its subject, DATABASE_URL."""
    if not url.startswith(SCHEMES):
        raise ValueError("must begin with postgres:// or postgresql://")
    url = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text repeats parts of the URL
        raise ValueError(_AT if _at_too_many(url) else _unknown(url) or _UNREADABLE) from None
    if re.search(r"[^\d,]", str(parts.get("port") or "")):
        raise ValueError(_PORT)
    if _at_too_many(url):
        raise ValueError(_AT)
    return url


def place(dsn: str) -> str:
    """Where a database is, without user or password: `database at db.example:5432`."""
    parts = conninfo_to_dict(dsn)
    address = ":".join(str(parts[part]) for part in ("host", "port") if parts.get(part))
    return f"{parts.get('dbname', 'database')} at {address or 'this machine'}"


def hosts(conninfo: str) -> Sequence[Mapping[str, str]]:
    """What names each of the servers among which is the primary; one that names none where libpq is to choose."""
    given = conninfo_to_dict(conninfo)
    lists = {name: str(given[name]).split(",") for name in _LISTS if given.get(name)}
    count = max(map(len, lists.values()), default=1)
    if count == 1 or given.get("target_session_attrs") not in _WRITABLE:
        return [{}]
    return [{name: values[place % len(values)] for name, values in lists.items()} for place in range(count)]


def parameters(dsn: str, program: str, wishes: Mapping[str, Any], options: str = "") -> dict[str, Any]:
    """What to give psycopg beside the DSN: `wishes` that it says nothing of itself, and UTF-8 whatever it says.

    `options` (34.1.2.19) come after those it has, and so count before them.
    """
    given = conninfo_to_dict(dsn)
    ours = {name: value for name, value in wishes.items() if name not in given}
    if options:
        ours["options"] = f"{given.get('options') or os.environ.get('PGOPTIONS', '')} {options}".lstrip()
    return {"fallback_application_name": program, **ours, "client_encoding": "utf8"}


def connect(
    dsn: str, program: str = PROGRAM, *, autocommit: bool = False, patience: int = _PATIENCE
) -> psycopg.Connection[Any]:
    """A connection for a program that is no server. Raises psycopg's errors; `outages.reason` has a sentence for each.

    Without prepared statements, so that a pooler can stand in between.
    """
    ours = parameters(dsn, program, {"connect_timeout": patience})
    return psycopg.connect(dsn, autocommit=autocommit, prepare_threshold=None, **ours)


def room(dsn: str) -> int | None:
    """How many connections PostgreSQL has for all who are no superusers; None while it cannot be asked."""
    with suppress(psycopg.Error), connect(dsn, patience=2) as connection:
        for (room,) in connection.execute(_ROOM):
            return int(room)
    return None


_ROOM = "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"


def _at_too_many(url: str) -> bool:
    """Whether there is an @ outside of users and passwords: a part of one is then taken for something else."""
    where, pairs = _behind_user(url)
    return "@" in where or any("@" in name + value for name, value in pairs if name not in _MAY_HAVE_AT)


def _unknown(url: str) -> str:
    """The parameters that libpq does not have, with what was probably meant; empty if there are none."""
    names = [name for name, _ in _behind_user(url)[1] if name.isidentifier() and name not in _known()]
    return _UNKNOWN + ", ".join(map(_told, names)) if names else ""


def _told(name: str) -> str:
    meant = _HERE.get(name) or next(iter(get_close_matches(name, _known(), 1)), None)
    return f"{name} (here it is {meant})" if meant else f"{name} (leave it out)"


def _behind_user(url: str) -> tuple[str, list[tuple[str, str]]]:
    """Hosts and database, and the parameters as (name, value), still percent-encoded."""
    where, _, query = _USER.sub("", url, count=1).partition("?")
    return where, [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&"))]


@cache
def _known() -> frozenset[str]:
    return frozenset(option.keyword.decode() for option in Conninfo.get_defaults())
