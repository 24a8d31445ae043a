"""Use cases of patients: find, get, create, replace, patch, delete. Executes statements; knows no HTTP.

Every answer is JSON text as PostgreSQL rendered it, in bytes. Unknown id: `NotFound`; a value taken by another
patient: `Conflict`; another version than the caller named: `PreconditionFailed`. Each write is one statement, committed
before the function returns.
"""

import hashlib
import json
import logging
import secrets
import struct
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from app.database import Database, Locked, Refused, Row, UniqueViolation, now
from app.errors import BadRequest, Conflict, DatabaseUnavailable, NotFound, PreconditionFailed
from app.jsonserver import page
from app.jsonserver.collation import DETECT, Collations
from app.jsonserver.conditions import UnsupportedQuery
from app.jsonserver.query import Dialect, ListQuery
from app.jsonserver.statement import places_query, rows_at
from app.models.patient import EXTRA_SIZE, POSITION_KEY, TABLE
from app.round_trips import Batched, Joined
from app.schemas.patient import COLUMNS, Record
from app.services import statements
from app.services.asked import Lists
from app.sql import Query
from app.turns import Turns

log = logging.getLogger(__name__)

_TOO_LARGE = "The fields of the patient that are not declared would be too large together."
_TOGETHER = 100  # writes that share a round trip at most
_POSITIONS = 3  # tried for a new patient; each time the sequence has moved
_SHAREABLE = 8 * 1024  # characters of undeclared fields; a larger patient goes alone and keeps nobody waiting

Versions = Sequence[str] | None  # entity tags of which the patient must have one; None: any version will do


def etag(row: bytes) -> str:
    """The version of a patient as a strong entity tag (RFC 9110, 8.8.3): a hash of its JSON text."""
    return f'"{hashlib.sha256(row).hexdigest()[: statements.TAG_LENGTH]}"'


def weak_tag(body: bytes) -> str:
    """A weak entity tag of a list (RFC 9110, 8.8.1): the same for the same JSON, whatever the transfer did to it."""
    return f"W/{etag(body)}"


class Listing(NamedTuple):
    """What a list request asked for, the total before paging (None: not counted), and the answer with its tag.

    `parts`: instead of `body` the array piece by piece, when it is too large to be held for all who read it slowly.
    It shows each patient as it is when its piece is read; no connection is held in between.
    """

    query: ListQuery
    total: int | None
    body: bytes = b""
    tag: str = ""
    parts: AsyncIterator[bytes] | None = None


@dataclass(frozen=True, eq=False)
class _Write:
    """One that may share a round trip: the patient's id and what to write, by column. Equal only to itself."""

    key: str
    values: Mapping[str, Any]


_Writes = Batched[_Write, bytes]


class PatientService:
    """Patients in one database."""

    def __init__(self, database: Database, turns: Turns) -> None:
        self._database = database
        self._queries = Lists(turns)
        self._by_id = Batched(self._rows)
        self._inserts: _Writes = Batched(partial(self._together, statements.insert_many), _TOGETHER)
        self._patches: _Writes = Batched(partial(self._together, statements.patch_many), _TOGETHER)
        self._lists = Joined()
        self._collations: Collations | None = None

    async def prepare(self) -> None:
        """Learn how the database sorts, and say so if that is not as JavaScript does. It may not be there yet."""
        with suppress(DatabaseUnavailable):
            await self._known_collations()

    async def find(self, query_string: bytes, dialect: Dialect) -> Listing:
        """The patients a query string asks for; `dialect` decides what it leaves open.

        Raises `BadRequest` for a query this server does not serve.
        """
        try:
            collations = await self._known_collations()
            query, statement = await self._queries.asked(query_string, dialect, collations)
        except UnsupportedQuery as error:
            raise BadRequest(str(error)) from None
        listing = await self._lists.get(query_string, lambda since: self._listing(query, statement, since))
        return listing or await self._in_parts(query, query_string, collations)

    async def _listing(self, query: ListQuery, statement: Query, since: float) -> Listing | None:
        """One answer, made once for all who asked for it; None if it is too large for that."""
        [(rows, total)] = await self._database.rows(statement, since)
        body = page.body(query, rows, total) if rows else b""
        return Listing(query, total, body, weak_tag(body)) if body else None

    async def _in_parts(self, query: ListQuery, query_string: bytes, collations: Collations) -> Listing:
        statement = places_query(query, collations)
        places = await self._lists.get(("parts", query_string), partial(self._database.rows, statement))
        first = await self._part(places[0][0]) if places else b""
        return Listing(query, places[0][1] if places else None, parts=self._array(first, places[1:]))

    async def _array(self, first: bytes, places: Sequence[Row]) -> AsyncIterator[bytes]:
        yield b"[" + first
        separator = b"," if first else b""
        for positions, _ in places:
            if rows := await self._part(positions):
                yield separator + rows
                separator = b","
        yield b"]"

    async def _part(self, positions: bytes) -> bytes:
        numbers = [number for (number,) in struct.iter_unpack(">q", positions)]
        part = Query(rows_at(), {"positions": numbers})
        ((rows,),) = await self._lists.get(("part", positions), partial(self._database.rows, part))
        return rows or b""

    async def get(self, key: str) -> bytes:
        """Patient `key` as JSON. Raises `NotFound`."""
        return _found(await self._by_id.get(key))

    async def overview(self) -> tuple[int, str | None]:
        """How many patients there are, and the id of the first one in the list."""
        [(count, first)] = await self._database.rows(Query(statements.overview(), {}))
        return count, first and first.decode()

    async def create(self, record: Record) -> tuple[str, bytes]:
        """Store a new patient at the end of the list; its id is the record's or a new random one. Returns (id, row)."""
        since, key = now(), record.columns.get("id") or secrets.token_hex(8)
        values = {**_values(record), "id": key}
        row = await self._shared(self._inserts, key, values)
        return key, row or await self._insert(values, since)

    async def replace(self, key: str, record: Record, versions: Versions = None) -> bytes:
        """Store the record in place of patient `key`, whose place in the list stays."""
        statement = statements.update_one(statements.WRITABLE, False, versions is not None)
        return await self._change(statement, key, _values(record), versions)

    async def patch(self, key: str, record: Record, versions: Versions = None) -> bytes:
        """Change only the fields the record has, in one UPDATE, so that patches of other fields meanwhile survive."""
        if not record.columns and not record.extra:
            return _matching(await self.get(key), versions)
        since, values = now(), _values(record)
        if versions is None and (row := await self._shared(self._patches, key, values)):
            return row
        statement = statements.update_one(tuple(record.columns), True, versions is not None)
        return await self._change(statement, key, values, versions, since)

    async def delete(self, key: str, versions: Versions = None) -> bytes:
        """Delete patient `key`; returns it as it was."""
        return await self._change(statements.delete_one(versions is not None), key, {}, versions)

    async def _known_collations(self) -> Collations:
        """Asked of the database once; it may not have been there at start."""
        if self._collations is None:
            self._collations = Collations(*(await self._database.rows(DETECT))[0])
            if self._collations.order is None:
                log.warning("PostgreSQL was built without ICU: lists sort by code points, not as localeCompare does")
        return self._collations

    async def _shared(self, writes: _Writes, key: str, values: Mapping[str, Any]) -> bytes | None:
        """The row, written together with those of others. None: nothing was, and it must go alone."""
        if len(values["extra"]) > _SHAREABLE:
            return None
        return await writes.get(_Write(key, {**values, "id": key}))

    async def _together(
        self, statement: Callable[[], str], writes: Sequence[_Write], since: float
    ) -> Mapping[_Write, bytes]:
        """One statement for all. What it leaves out, or what stops it as a whole, goes alone and learns why there."""
        first: dict[str, _Write] = {}
        for write in writes:
            first.setdefault(write.key, write)  # a patient is written once in a statement
        records = json.dumps([write.values for write in first.values()], ensure_ascii=False, default=str)
        try:
            rows = await self._database.rows(Query(statement(), {"keys": list(first), "records": records}), since)
        except (Refused, Locked):
            return {}
        return {first[key.decode()]: row for key, row in rows}

    async def _insert(self, values: Mapping[str, Any], since: float) -> bytes:
        """A patient that goes alone. If its position was given to another by hand, the next one is tried."""
        for _ in range(_POSITIONS):
            try:
                return await self._write(statements.insert_one(), values, since)
            except UniqueViolation:
                await self._database.rows(Query(statements.step_over(), {}), since)
        raise DatabaseUnavailable

    async def _change(
        self, statement: str, key: str, values: Mapping[str, Any], versions: Versions, since: float | None = None
    ) -> bytes:
        try:
            return await self._write(statement, {**values, "key": key, "versions": versions}, since)
        except NotFound:
            if versions is not None:
                await self.get(key)  # an unknown id goes before the precondition (RFC 9110, 13.2.1)
                raise PreconditionFailed from None
            raise

    async def _write(self, statement: str, params: Mapping[str, Any], since: float | None = None) -> bytes:
        try:
            rows = await self._database.rows(Query(statement, params), since)
        except UniqueViolation as error:
            if error.constraint == POSITION_KEY:
                raise
            raise Conflict(unique_fields().get(error.constraint)) from None
        except Refused as error:
            raise (BadRequest(_TOO_LARGE) if error.constraint == EXTRA_SIZE else error) from None
        return _found(rows[0][0] if rows else None)

    async def _rows(self, keys: Sequence[str], since: float) -> Mapping[str, bytes]:
        rows = await self._database.rows(Query(statements.select_by_ids(), {"keys": keys}), since)
        return {key.decode(): row for key, row in rows}


def _found(row: bytes | None) -> bytes:
    if row is None:
        raise NotFound("There is no patient with this id.")
    return row


def _matching(row: bytes, versions: Versions) -> bytes:
    if versions is not None and etag(row) not in versions:
        raise PreconditionFailed
    return row


def _values(record: Record) -> dict[str, Any]:
    return {**record.columns, "extra": json.dumps(record.extra, ensure_ascii=False)}


@cache
def unique_fields() -> Mapping[str, str]:
    """Name of each unique constraint -> wire name of its field."""
    wire = {column: name for name, column in COLUMNS.items()}
    keys = [key for key in TABLE.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    return {str(key.name): wire[name] for key in keys if (name := key.columns[0].name) in wire}
