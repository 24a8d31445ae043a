"""`python -m app user`: accounts are made by whoever runs the server, and by nobody else."""

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

import psycopg

from app import libpq, outages, target
from app.access.actor import ROLES, checked
from app.importer.connection import DatabaseFailed
from app.people import emails
from app.people.passwords import LONGEST, SHORTEST, hashed

_ABOUT = """Let somebody sign in at /login with a password, which is asked for (or read from standard input), or change
their role and password: whoever is signed in by the old ones no longer is. With the role `none` the account is removed.
"""
_ROLE = f"{', '.join(ROLES)}, RESOURCE:LETTERS, several joined with +; or none"
_NONE = "none"

_KEEP = """
INSERT INTO access_users (email, name, role, password) VALUES (%(email)s, %(name)s, %(role)s, %(password)s)
ON CONFLICT (email) DO UPDATE SET name = excluded.name, role = excluded.role, password = excluded.password
"""


class _Refused(Exception):
    """It cannot be done; the text is a sentence. Nothing was changed."""


def user(arguments: Sequence[str]) -> int:
    """Make, change or remove an account. Returns the exit code."""
    parser = ArgumentParser("python -m app user", description=_ABOUT)
    parser.add_argument("email", metavar="EMAIL")
    parser.add_argument("role", metavar="ROLE", help=_ROLE)
    parser.add_argument("--name", default="", help="how a frontend may call them")
    asked = parser.parse_args(arguments)
    try:
        email = emails.checked(asked.email)
        print(_removed(email) if asked.role == _NONE else _kept(email, asked.role, asked.name))
    except (_Refused, ValueError) as error:
        parser.error(str(error))
    except (DatabaseFailed, psycopg.Error) as error:
        print(outages.reason(error) if isinstance(error, psycopg.Error) else error, file=sys.stderr)
        return 2
    return 0


def _kept(email: str, role: str, name: str) -> str:
    checked(role)
    row = {"email": email, "name": name, "role": role, "password": hashed(_password())}
    with target.database() as dsn, libpq.connect(dsn) as connection:
        connection.execute("DELETE FROM access_sessions WHERE email = %(email)s", row)
        connection.execute(_KEEP, row)
    return f"{email} may sign in as {role}."


def _removed(email: str) -> str:
    with target.database() as dsn, libpq.connect(dsn) as connection:
        gone = connection.execute("DELETE FROM access_users WHERE email = %s", [email]).rowcount
    if not gone:
        raise _Refused(f"{email} has no account")
    return f"{email} may no longer sign in."


def _password() -> str:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise _Refused("these are two passwords")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST <= len(password) <= LONGEST:
        raise _Refused(f"a password has {SHORTEST} to {LONGEST:,} characters")
    return password
