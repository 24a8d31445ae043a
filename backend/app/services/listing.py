"""A list: what a query string asks for, made once for all who ask for it, or in parts if it is too large for that."""

import struct
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from app.database import Database, Row
from app.dialect import page
from app.dialect.collation import DETECT, Collations
from app.dialect.conditions import UnsupportedQuery
from app.dialect.lists import Lists
from app.dialect.query import Dialect, ListQuery
from app.errors import BadRequest, DatabaseUnavailable
from app.resource.resource import Resource
from app.round_trips import Joined
from app.services.asked import Asked
from app.services.versions import weak_tag
from app.sql import Query
from app.turns import Turns


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

    def headers(self, url: Callable[[], str]) -> dict[str, str]:
        """`X-Total-Count` and `Link`; `url` gives the list's own absolute address, which a whole list does not need."""
        return {} if self.total is None else page.headers(self.query, self.total, url())


class Listings:
    """The lists of one resource in one database."""

    def __init__(self, resource: Resource, database: Database, turns: Turns) -> None:
        self._resource, self._database, self._asked = resource, database, Asked(resource, turns)
        self._readings = Joined()
        self._known: Lists | None = None

    async def prepare(self) -> None:
        """Learn how the database sorts. It may not be there yet."""
        with suppress(DatabaseUnavailable):
            await self._lists()

    async def find(self, query_string: bytes, dialect: Dialect) -> Listing:
        """The records a query string asks for; `dialect` decides what it leaves open.

        Raises `BadRequest` for a query this server does not serve.
        """
        try:
            lists = await self._lists()
            query, statement = await self._asked.statement(query_string, dialect, lists)
        except UnsupportedQuery as error:
            raise BadRequest(str(error)) from None
        listing = await self._readings.get(
            query_string, self._database.deadline(), partial(self._listing, query, statement)
        )
        return listing or await self._in_parts(query, query_string, lists)

    async def _listing(self, query: ListQuery, statement: Query, deadline: float) -> Listing | None:
        """One answer, made once for all who asked for it; None if it is too large for that."""
        [(rows, total)] = await self._database.rows(statement, deadline)
        body = page.body(query, rows, total) if rows else b""
        return Listing(query, total, body, weak_tag(body)) if body else None

    async def _in_parts(self, query: ListQuery, query_string: bytes, lists: Lists) -> Listing:
        statement = lists.places(query)
        places = await self._shared_read(("parts", query_string), statement)
        total = places[0][1] if places else None
        first = await self._part(lists, places[0][0]) if places else b""
        return Listing(query, total, parts=self._enveloped(page.around(query, total), lists, first, places[1:]))

    async def _enveloped(
        self, around: tuple[bytes, bytes], lists: Lists, first: bytes, places: Sequence[Row]
    ) -> AsyncIterator[bytes]:
        before, after = around
        yield before + b"[" + first
        separator = b"," if first else b""
        for positions, _ in places:
            if rows := await self._part(lists, positions):
                yield separator + rows
                separator = b","
        yield b"]" + after

    async def _part(self, lists: Lists, positions: bytes) -> bytes:
        numbers = [number for (number,) in struct.iter_unpack(">q", positions)]
        statement = lists.rows_at(numbers)
        ((rows,),) = await self._shared_read(("part", positions), statement)
        return rows or b""

    async def _shared_read(self, key: Hashable, statement: Query) -> list[Row]:
        return await self._readings.get(key, self._database.deadline(), partial(self._database.rows, statement))

    async def _lists(self) -> Lists:
        """How the database sorts is asked of it once; it may not have been there at start."""
        if self._known is None:
            collations = Collations(*(await self._database.rows(DETECT))[0])
            self._known = Lists(self._resource, collations)
        return self._known
