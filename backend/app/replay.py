"""`python -m app replay`: a json-server that was left behind gets what has changed since, so that going back loses
nothing.

The feed's own semantics: who sets each changed record to what it is now ends with what there is. It may be repeated.
"""

import http.client
import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.types.string import ByteaBinaryLoader

from app import libpq, outages, target
from app.errors import Gone
from app.importer.connection import DatabaseFailed
from app.limits import CHANGES, LIST_BYTES
from app.resource.resource import Resource
from app.services.changes import Cursor, Page, Pages, cursor, found

_ABOUT = """Bring a json-server to the present state: POST what was created since the cursor, PUT what was changed,
DELETE what is gone; each record as it is now. Take the cursor when its db.json is imported: `next` of
/changes?_since=now. json-server 1.0.0-beta.15 gives each new record an id of its own; how many did is said.
"""
_SECONDS = 30  # for one answer; json-server writes its whole file for each change

Record = Mapping[str, Any]


class _Refused(Exception):
    """json-server does not take it; the text says what."""


class _JsonServer:
    """What is changed over there, record by record."""

    def __init__(self, url: str) -> None:
        """Raises `ValueError` for what is no address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no http address")
        self._how = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/")
        self._ids: dict[tuple[str, str], str] = {}  # those that it has given itself
        self._done: dict[tuple[str, str], bytes] = {}

    def set(self, resource: str, key: str, record: Record | None) -> str:
        """What was done, in a word; none where it has been done. Raises `_Refused`, and `OSError` for no answer."""
        body = json.dumps(record, ensure_ascii=False).encode()
        if self._done.get((resource, key)) == body:
            return ""
        said = self._delete(resource, key) if record is None else self._put(resource, key, body)
        self._done[resource, key] = body
        return said

    def _delete(self, resource: str, key: str) -> str:
        status, _ = self._ask("DELETE", self._address(resource, key))
        return "deleted" if status != 404 else ""

    def _put(self, resource: str, key: str, body: bytes) -> str:
        status, _ = self._ask("PUT", self._address(resource, key), body)
        if status != 404:
            return "changed"
        _, said = self._ask("POST", f"{self._path}/{resource}", body)
        self._ids[resource, key] = made = str(_member(said, "id"))
        return "created" if made == key else "created under another id"

    def _address(self, resource: str, key: str) -> str:
        return f"{self._path}/{resource}/{quote(self._ids.get((resource, key), key), safe='')}"

    def _ask(self, method: str, address: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = self._how(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request(method, address, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300 and (answer.status != 404 or method == "POST"):
            raise _Refused(f"{method} is {answer.status}")
        return answer.status, said


def _member(said: bytes, name: str) -> Any:
    """Raises `_Refused` where it is no JSON object with this member."""
    try:
        return json.loads(said)[name]
    except (ValueError, TypeError, KeyError):
        raise _Refused("POST is answered with no record") from None


def replay(resources: Sequence[Resource], arguments: Sequence[str]) -> int:
    parser = ArgumentParser("python -m app replay", description=_ABOUT)
    parser.add_argument("url", metavar="URL", help="of the json-server: http://127.0.0.1:3000")
    parser.add_argument("--since", metavar="CURSOR", required=True, help="`next` of an answer of /changes")
    asked = parser.parse_args(arguments)
    try:
        there, since = _JsonServer(asked.url), cursor(asked.since)
    except ValueError as error:
        parser.error(str(error))
    return _replayed(there, resources, since)


def _replayed(there: _JsonServer, resources: Sequence[Resource], since: Cursor) -> int:
    done, refused = Counter[str](), list[str]()
    try:
        for page in _pages(resources, since):
            for change in page.changes:
                try:
                    done[there.set(change.resource, change.id, json.loads(change.json)["record"])] += 1
                except _Refused as error:
                    refused.append(f"{change.resource}/{change.id}: {error}")
            since = page.next
    except (OSError, http.client.HTTPException) as error:
        return _stopped(f"the json-server does not answer ({type(error).__name__})", since)
    except Gone:
        return _stopped("what has changed since is not on record; scripts/export_db_json.py writes all there is", since)
    except DatabaseFailed as error:
        return _stopped(str(error), since)
    return _told(done, refused, since)


def _stopped(why: str, since: Cursor) -> int:
    print(f"Stopped: {why}. What came before is done; go on with --since {since}", file=sys.stderr)
    return 1


def _told(done: Mapping[str, int], refused: Sequence[str], since: Cursor) -> int:
    print(", ".join(f"{count} {what}" for what, count in done.items() if what) or "nothing has changed")
    print(f"What comes later: --since {since}")
    for line in refused:
        print(f"Not taken: {line}", file=sys.stderr)
    return 1 if refused else 0


def _pages(resources: Sequence[Resource], since: Cursor) -> Iterator[Page]:
    """Raises `Gone` and `DatabaseFailed`."""
    pages, more = Pages(resources), True
    try:
        with target.database() as dsn, libpq.connect(dsn) as connection:
            connection.autocommit = True
            connection.adapters.register_loader("text", ByteaBinaryLoader)
            while more:
                page = _page(connection, pages, since)
                yield page
                since, more = page.next, page.more
    except psycopg.Error as error:
        raise DatabaseFailed(outages.reason(error)) from None


def _page(connection: psycopg.Connection[Any], pages: Pages, since: Cursor) -> Page:
    query = pages.page(since, pages.every, CHANGES, LIST_BYTES)
    answer = found(connection.execute(query.sql.encode(), query.params, binary=True).fetchall(), since)
    if answer.made_elsewhere:
        raise DatabaseFailed("the database was restored from a dump: run alembic upgrade head")
    if not answer.known:
        raise Gone
    return answer.page
