"""What a query string asks for, made once for all who ask for it: a list, in parts if it is too large for that, or a
record with what belongs to it."""

import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from app.database import Database, Row
from app.dialect import hints, page
from app.dialect.collation import DETECT, Collations
from app.dialect.conditions import UnsupportedQuery
from app.dialect.lists import Lists
from app.dialect.query import Dialect, ListQuery, Owner, parse
from app.dialect.relations import Relations
from app.errors import BadRequest, DatabaseUnavailable
from app.limits import LIST_BYTES, SAMPLE
from app.resource.fields import Field
from app.resource.resource import Resource
from app.round_trips import Joined
from app.services.asked import Asked
from app.services.versions import weak_tag
from app.sql import Query
from app.turns import Turns

Count = tuple[Any, int]
"""A value, and how many records have it."""


class Listing(NamedTuple):
    """The answer to a list request: its body and tag, or its parts.

    `parts`: the body piece by piece, when it is too large to be held for all who read it slowly. It shows each record
    as it is when its piece is read; no connection is held in between.
    """

    query: ListQuery
    total: int | None
    """How many records match, before the page or slice is cut; None: not counted."""
    body: bytes = b""
    tag: str = ""
    parts: AsyncIterator[bytes] | None = None
    hint: str = ""
    """What that means nothing may have meant."""
    overlooked: Sequence[str] = ()
    """Undeclared fields that were not looked for and yet some record has: then all else of it is void."""

    def headers(self, url: Callable[[], str]) -> dict[str, str]:
        """`X-Total-Count` and `Link`; `url` gives the list's own absolute address, which a whole list does not need."""
        told = {"X-Hint": self.hint} if self.hint else {}
        return told if self.total is None else told | page.headers(self.query, self.total, url())


class Listings:
    """The lists of one resource in one database."""

    def __init__(self, resource: Resource, database: Database, turns: Turns, relations: Relations) -> None:
        self._resource, self._database, self._relations = resource, database, relations
        self._asked, self._readings = Asked(resource, turns), Joined()
        self._known: Lists | None = None

    async def prepare(self) -> None:
        """Learn how the database sorts. It may not be there yet."""
        with suppress(DatabaseUnavailable):
            await self._lists()

    async def find(self, query_string: bytes, dialect: Dialect, owner: Owner | None = None) -> Listing:
        """The records a query string asks for, of the owner if there is one; `dialect` decides what it leaves open.

        Raises `BadRequest` for a query this server does not serve.
        """
        try:
            lists = await self._lists()
            query, statement = await self._asked.statement(query_string, dialect, owner, lists)
        except UnsupportedQuery as error:
            raise BadRequest(str(error)) from None
        asked = owner, query_string, lists
        listing = await self._readings.get(asked, self._database.deadline(), partial(self._listing, query, statement))
        if listing and listing.overlooked:
            self._known = (await self._lists()).aware(listing.overlooked)
            return await self.find(query_string, dialect, owner)
        found = listing or await self._in_parts(query, asked, lists)
        return found._replace(hint=await self._hint(query, owner, lists))

    async def _hint(self, query: ListQuery, owner: Owner | None, lists: Lists) -> str:
        """Only where a name is not declared the records are asked whether they have it."""
        fields = self._resource.fields
        doubts = hints.doubts(query, fields, (owner.field,) if owner else ())
        names = [one.field for one in doubts if one.field]
        try:
            there = _names((await self._read(("known", *names), lists.known(names)))[0][0]) if names else ()
        except DatabaseUnavailable:  # the answer is there, and goes without
            return ""
        return hints.hint(query, [one for one in doubts if one.field not in there], fields)

    async def tally(self, query: ListQuery, fields: Sequence[Field], most: int, total: int) -> list[list[Count]]:
        """How often each field has which value, in all `total` records that match, or in some of them if they are many.

        Of a text no more than `most` values, the most frequent first.
        """
        percent = 100 * SAMPLE / total if total > SAMPLE else None
        [(told,)] = await self._database.rows((await self._lists()).tally(query, fields, most, percent))
        return [one or [] for one in json.loads(told)]

    async def embedding(self, key: str, query_string: bytes, dialect: Dialect) -> bytes | None:
        """Record `key` with what the query string embeds, as JSON, or None if there is no such record.

        Raises `BadRequest` for a query this server does not serve.
        """
        try:
            lists, query = await self._lists(), parse(query_string, dialect, ())
            statement = lists.one(query, key)
        except UnsupportedQuery as error:
            raise BadRequest(str(error)) from None
        rows = await self._read(("one", _embedded(query), key), statement)
        if rows and rows[0][0] is None:
            raise self._too_much()
        return rows[0][0] if rows else None

    async def _listing(self, query: ListQuery, statement: Query, deadline: float) -> Listing | None:
        """One answer, made once for all who asked for it; None if it is too large for that."""
        [(rows, total, overlooked)] = await self._database.rows(statement, deadline)
        if overlooked:
            return Listing(query, total, overlooked=_names(overlooked))
        body = page.body(query, rows, total) if rows else b""
        return Listing(query, total, body, weak_tag(body)) if body else None

    async def _in_parts(self, query: ListQuery, asked: Hashable, lists: Lists) -> Listing:
        parts = await self._read(("parts", asked), lists.places(query))
        if any(embedded > LIST_BYTES for *_, embedded in parts):
            raise self._too_much()
        total = parts[0][1] if parts else None
        read = partial(self._part, query, lists)
        first = await read(parts[0][0]) if parts else b""
        return Listing(query, total, parts=_enveloped(page.around(query, total), first, parts[1:], read))

    async def _part(self, query: ListQuery, lists: Lists, positions: bytes) -> bytes:
        numbers = [number for (number,) in struct.iter_unpack(">q", positions)]
        ((rows,),) = await self._read(("part", _embedded(query), positions), lists.rows_at(query, numbers))
        return rows or b""

    async def _read(self, key: Hashable, statement: Query) -> list[Row]:
        return await self._readings.get(key, self._database.deadline(), partial(self._database.rows, statement))

    async def _lists(self) -> Lists:
        """How the database sorts is asked of it once; it may not have been there at start."""
        if self._known is None:
            collations = Collations(*(await self._database.rows(DETECT))[0])
            self._known = Lists(self._resource, collations, self._relations)
        return self._known

    def _too_much(self) -> BadRequest:
        noun, path = self._resource.noun, self._resource.path
        return BadRequest(
            f"What belongs to one {noun} is too much to be embedded. Ask for it in pages: /{path}/<id>/<list>?_page=1."
        )


async def _enveloped(
    around: tuple[bytes, bytes], first: bytes, parts: Sequence[Row], read: Callable[[bytes], Awaitable[bytes]]
) -> AsyncIterator[bytes]:
    before, after = around
    yield before + b"[" + first
    separator = b"," if first else b""
    for positions, *_ in parts:
        if rows := await read(positions):
            yield separator + rows
            separator = b","
    yield b"]" + after


def _names(found: Sequence[bytes]) -> list[str]:
    return [str(name, "utf-8") for name in found]


def _embedded(query: ListQuery) -> Hashable:
    """What of a query says how a record looks."""
    return query.dialect, query.embed, query.expand
