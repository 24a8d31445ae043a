"""`python -m app undo` and `forget`: one record as it was, and a journal that no longer says how it was."""

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from app import libpq, outages, target
from app.importer.connection import DatabaseFailed
from app.resource.journal import AUTHOR
from app.resource.resource import Resource
from app.services.history import DELETED, Versions, row_of
from app.services.restoring import declared
from app.sql import quoted

_UNDO = """Bring one record back to a version of its history, as a change of its own: a deleted one into the list, and
one that was not there yet out of it. GET /RESOURCE/ID/history says which versions there are. Nothing else is changed.
"""
_FORGET = """Empty what the journal says of how one record was: its old values. When it was changed and by whom stays,
and so does the record itself. This cannot be undone.
"""


class Refused(Exception):
    """It cannot be done; the text is a sentence. Nothing was changed."""


class Version(NamedTuple):
    number: int
    change: str
    state: Mapping[str, Any] | None
    """By column; None: there was no record then, or it was forgotten."""


def undo(resources: Sequence[Resource], arguments: Sequence[str]) -> int:
    parser = _parser("undo", _UNDO)
    parser.add_argument(
        "version", metavar="VERSION", nargs="?", type=int, help="the one before the latest if not given"
    )
    asked = parser.parse_args(arguments)
    return _done(lambda connection: _undone(connection, _resource(resources, asked.resource), asked.id, asked.version))


def forget(resources: Sequence[Resource], arguments: Sequence[str]) -> int:
    parser = _parser("forget", _FORGET)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    asked = parser.parse_args(arguments)
    if not asked.yes and not _confirmed(f"{asked.resource}/{asked.id}"):
        print("Nothing was changed.")
        return 1
    return _done(lambda connection: _forgotten(connection, _resource(resources, asked.resource), asked.id))


def _undone(connection: psycopg.Connection[Any], resource: Resource, key: str, number: int | None) -> str:
    version = _version(connection, resource, key, number)
    try:
        _restore(connection, resource, key, version.state)
    except psycopg.errors.UniqueViolation as error:
        field = resource.unique.get(error.diag.constraint_name or "")
        raise Refused(f"another {resource.noun} has {f'its {field}' if field else 'a value of it'} by now") from None
    except psycopg.DataError:
        raise Refused("a field of it is of another kind by now") from None
    except psycopg.IntegrityError as error:
        rule = error.diag.constraint_name or error.diag.column_name
        raise Refused(f"it breaks a rule that is younger than it: {rule}") from None
    return f"{resource.path}/{key} is as it was at version {version.number}."


def _version(connection: psycopg.Connection[Any], resource: Resource, key: str, number: int | None) -> Version:
    """The one that is meant. Raises `Refused`."""
    known = [Version(*row) for row in connection.execute(Versions(resource).states.encode(), {"key": key})]
    if not known:
        raise Refused(f"nothing is on record of {resource.path}/{key}")
    earlier = [version for version in known[1:] if number in (None, version.number)]
    if not earlier:
        raise Refused("it has no such version before the latest one")
    if earlier[0].state is None and earlier[0].change != DELETED:
        raise Refused("that version was forgotten")
    return earlier[0]


def _restore(
    connection: psycopg.Connection[Any], resource: Resource, key: str, state: Mapping[str, Any] | None
) -> None:
    connection.execute("SELECT set_config(%s, %s, true)", (AUTHOR, f"undo:{getpass.getuser()}"))
    table, columns = resource.sql, list(map(quoted, resource.columns))
    if state is None:
        connection.execute(f"DELETE FROM {table} WHERE {resource.fields['id'].sql}::text = %s".encode(), (key,))
        return
    changed = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    listed = ", ".join(columns)
    found = f"SELECT {listed} FROM {row_of(resource, '%s')}"
    written = f"INSERT INTO {table} AS now$ ({listed}) {found} ON CONFLICT (id) DO UPDATE SET {changed}"
    connection.execute(written.encode(), (Jsonb(declared(resource, state)),))


def _forgotten(connection: psycopg.Connection[Any], resource: Resource, key: str) -> str:
    emptied = "UPDATE changes SET old = NULL WHERE resource = %s AND id = %s AND old IS NOT NULL"
    count = connection.execute(emptied, (resource.path, key)).rowcount
    return f"{count} old versions of {resource.path}/{key} are forgotten. What there is now stays."


def _done(work: Callable[[psycopg.Connection[Any]], str]) -> int:
    try:
        with target.database() as dsn, libpq.connect(dsn) as connection, connection.transaction():
            said = work(connection)
    except (Refused, DatabaseFailed) as error:
        print(f"Nothing was changed: {error}.", file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(f"Nothing was changed: {outages.reason(error)}.", file=sys.stderr)
        return 1
    print(said)
    return 0


def _parser(name: str, about: str) -> ArgumentParser:
    parser = ArgumentParser(f"python -m app {name}", description=about)
    parser.add_argument("resource", metavar="RESOURCE", help="as in its address, /<resource>")
    parser.add_argument("id", metavar="ID")
    return parser


def _resource(resources: Sequence[Resource], path: str) -> Resource:
    served = {resource.path: resource for resource in resources}
    if path not in served:
        raise Refused(f"{path} is none of the resources: {', '.join(served)}")
    return served[path]


def _confirmed(record: str) -> bool:
    print(f"This empties every old version of {record} for good. Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
