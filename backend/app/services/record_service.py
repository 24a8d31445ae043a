"""Use cases of a resource: get, create, replace, patch, delete, and a list (`listing`). Executes statements; knows no
HTTP.

Every answer is JSON text as PostgreSQL rendered it, in bytes. Unknown id: `NotFound`; a value taken by another record:
`Conflict`; another version than the caller named: `PreconditionFailed`. Each write is one statement, committed before
the function returns.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

from app.database import Database, Row
from app.dialect.conditions import UnsupportedQuery
from app.dialect.query import Dialect, dependents
from app.dialect.relations import Relations
from app.errors import (
    BadRequest,
    Conflict,
    DatabaseUnavailable,
    NoNumberLeft,
    NotFound,
    PreconditionFailed,
    StillNeeded,
)
from app.refused import Exhausted, Locked, Refused, UniqueViolation
from app.resource.columns import extra_size
from app.resource.record import Record
from app.resource.resource import Resource
from app.round_trips import Batched, Joined
from app.services.listing import Listings
from app.services.signature import Signature, signed
from app.services.statements import Statements
from app.services.versions import Versions, etag
from app.sql import Change, Changes, Dear, Query
from app.turns import Turns

_TRIES = 3  # of a new record; each time the sequences have moved
_TOGETHER = 100  # requests that share a round trip at most
_SHAREABLE = 8 * 1024  # characters; a larger record goes alone and keeps nobody waiting


@dataclass(frozen=True, eq=False)
class _Write:
    """One that may share a round trip: the record's id and what to write, as JSON. Equal only to itself.

    Where the table will give it its id, `key` is one that no record has.
    """

    key: str
    record: str
    by: Signature


_Writes = Batched[_Write, Row]


class RecordService:
    """The records of one resource in one database. `prepare` and `find` are the list's (`Listings`)."""

    def __init__(self, resource: Resource, database: Database, turns: Turns, relations: Relations) -> None:
        self.resource, self.relations = resource, relations
        self._database, self._sql = database, Statements(resource)
        self._listings = Listings(resource, database, turns, relations)
        self.prepare, self.find, self.tally = self._listings.prepare, self._listings.find, self._listings.tally
        self._by_id = Batched(self._rows, _TOGETHER)
        self._inserts: _Writes = Batched(partial(self._together, self._sql.insert_free), _TOGETHER, must_land=True)
        self._patches: _Writes = Batched(partial(self._together, self._sql.patch_free), _TOGETHER, must_land=True)
        self._readings = Joined()
        self._patch = lru_cache(256)(self._sql.patch)  # by the columns it changes

    def key(self, text: str) -> str:
        """An id as an address has it. Raises `NotFound` for one that no record can have."""
        if not self.resource.ids.is_one(text):
            raise self._unknown()
        return text

    async def get(self, key: str) -> bytes:
        """Record `key` as JSON. Raises `NotFound`."""
        deadline = self._database.deadline()
        return self._found(await self._by_id.get(key, deadline)) or await self._large(key, deadline)

    async def embedding(self, key: str, query_string: bytes, dialect: Dialect) -> bytes:
        """Record `key` with what the query string embeds, as JSON. Raises `NotFound`."""
        return self._found(await self._listings.embedding(key, query_string, dialect))

    async def _large(self, key: str, deadline: float) -> bytes:
        """One that shares no round trip with others: nobody waits for what a large one takes."""
        statement = Dear(self._sql.select_large, {"key": key})
        rows = await self._readings.get(("large", key), deadline, partial(self._database.rows, statement))
        return self._found(rows[0][0] if rows else None)

    async def overview(self) -> tuple[int, str | None]:
        """How many records there are, and the id of the first one in the list."""
        [(count, first)] = await self._database.rows(Query(self._sql.overview, {}))
        return count, first and first.decode()

    async def create(self, record: Record, by: Signature) -> tuple[str, bytes]:
        """Store a new record at the end of the list; its id is the record's or a new one. Returns (id, row)."""
        deadline, write = self._database.deadline(), self._new(record, by)
        [*_, key, row] = (
            await self._shared(self._inserts, write, deadline)
            or (await self._insert([write], deadline, several=False))[0]
        )
        return key.decode(), row

    async def create_all(self, records: Sequence[Record], by: Signature) -> list[bytes]:
        """Store new records at the end of the list, all or none; their rows, in their order.

        Raises `Conflict` that names the place of the first whose value another has, and the field.
        """
        writes = [self._new(record, by) for record in records]
        rows = {row[0]: row[-1] for row in await self._insert(writes, self._database.deadline())}
        return [rows[write.key.encode()] for write in writes]

    async def replace(self, key: str, record: Record, by: Signature, versions: Versions = None) -> bytes:
        """Store the record in place of record `key`, whose place in the list stays."""
        return await self._change(self._sql.replace, _Write(key, _json(record, key), by), versions)

    async def patch(self, key: str, record: Record, by: Signature, versions: Versions = None) -> bytes:
        """Change only the fields the record has, in one UPDATE, so that patches of other fields meanwhile survive."""
        if not record.columns and not record.extra:
            return self._matching(await self.get(key), versions)
        deadline, write = self._database.deadline(), _Write(key, _json(record, key), by)
        mergeable = versions is None and None not in record.columns.values()
        if mergeable and (row := await self._shared(self._patches, write, deadline)):
            return cast(bytes, row[-1])
        return await self._change(self._patch(tuple(record.columns)), write, versions, deadline)

    async def delete(
        self, key: str, by: Signature, query_string: bytes, dialect: Dialect, versions: Versions = None
    ) -> bytes:
        """Delete record `key` and do to its dependents what json-server does; returns it as it was.

        Raises `StillNeeded` where there are others that cannot be without it.
        """
        try:
            others = self.relations.dependents(self.resource, dialect, dependents(query_string))
            return await self._change(self._sql.delete(others), _Write(key, "", by), versions)
        except UnsupportedQuery as error:
            raise BadRequest(str(error)) from None
        except Refused:
            raise StillNeeded(self.resource.noun) from None

    def _new(self, record: Record, by: Signature) -> _Write:
        given = record.columns.get("id")
        key = self.resource.ids.new() if given is None else str(given)
        return _Write(key or secrets.token_hex(8), _json(record, key), by)

    async def _insert(self, writes: Sequence[_Write], deadline: float, *, several: bool = True) -> list[Row]:
        """Those that go alone: all or none."""
        for _ in range(_TRIES):
            try:
                return await self._written(self._sql.insert, writes, deadline)
            except UniqueViolation as error:
                await self._make_way(error.constraint, writes, deadline, several)
            except Exhausted:
                raise NoNumberLeft(self.resource.noun) from None
        raise DatabaseUnavailable

    async def _make_way(self, constraint: str, writes: Sequence[_Write], deadline: float, several: bool) -> None:
        """Lift the sequences above what they had not come to: what somebody gave by hand, or one of these gives.

        Raises `Conflict` if it is a value that was sent.
        """
        if constraint != self.resource.position_key:
            name = self.resource.unique.get(constraint)
            [(place,)] = await self._taken(name, writes, deadline) if name else [(0,)]
            if place is not None:
                raise Conflict(name, self.resource.noun, place if name and several else None)
        await self._database.rows(Change(self._sql.step_over, _params(writes)), deadline)

    async def _taken(self, name: str, writes: Sequence[_Write], deadline: float) -> list[Row]:
        return await self._database.rows(Query(self._sql.taken(name), _params(writes)), deadline)

    async def _shared(self, writes: _Writes, write: _Write, deadline: float) -> Row | None:
        """The row, written together with those of others. None: nothing was, and it must go alone."""
        return await writes.get(write, deadline) if len(write.record) <= _SHAREABLE else None

    async def _together(self, statement: str, writes: Sequence[_Write], deadline: float) -> Mapping[_Write, Row]:
        """One statement for all. What it leaves out, or what stops it as a whole, goes alone and learns why there."""
        first: dict[str, _Write] = {}
        for write in writes:
            first.setdefault(write.key, write)  # a record is written once in a statement
        try:
            rows = await self._database.rows(Changes(statement, _params(list(first.values()))), deadline)
        except (Refused, Locked):
            return {}
        return {first[row[0].decode()]: row for row in rows}

    async def _change(self, statement: str, write: _Write, versions: Versions, deadline: float | None = None) -> bytes:
        try:
            rows = await self._written(statement, [write], deadline, versions)
        except UniqueViolation as error:
            raise Conflict(self.resource.unique.get(error.constraint), self.resource.noun) from None
        if not rows and versions is not None:
            await self.get(write.key)  # an unknown id goes before the precondition (RFC 9110, 13.2.1)
            raise PreconditionFailed(self.resource.noun)
        return self._found(rows[0][-1] if rows else None)

    async def _written(
        self, statement: str, writes: Sequence[_Write], deadline: float | None, versions: Versions = None
    ) -> list[Row]:
        params = {"key": writes[0].key, "versions": versions, **_params(writes)}
        try:
            return await self._database.rows(Change(statement, params), deadline)
        except Refused as error:
            raise (self._too_large() if error.constraint == extra_size(self.resource.path) else error) from None

    async def _rows(self, keys: Sequence[str], deadline: float) -> Mapping[str, bytes]:
        rows = await self._database.rows(Query(self._sql.select_by_ids, {"keys": keys}), deadline)
        return {key.decode(): row or b"" for key, row in rows}

    def _matching(self, row: bytes, versions: Versions) -> bytes:
        if versions is not None and etag(row) not in versions:
            raise PreconditionFailed(self.resource.noun)
        return row

    def _found(self, row: bytes | None) -> bytes:
        if row is None:
            raise self._unknown()
        return row

    def _unknown(self) -> NotFound:
        return NotFound(f"There is no {self.resource.noun} with this id.")

    def _too_large(self) -> BadRequest:
        return BadRequest(f"The fields of the {self.resource.noun} that are not declared would be too large together.")


def _json(record: Record, key: str | None) -> str:
    """What is written, by column. A day is written as its text."""
    return _encoded({**record.columns, "id": key, "extra": record.extra})


_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _params(writes: Sequence[_Write]) -> dict[str, Any]:
    return {
        "keys": [write.key for write in writes],
        "records": f"[{','.join(write.record for write in writes)}]",
        "by": signed({write.key: write.by for write in writes}),
    }
