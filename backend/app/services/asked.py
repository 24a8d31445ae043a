"""What a query string asks for, as a statement; remembered while it is asked again and again."""

import logging
from collections import OrderedDict
from functools import partial

from app.dialect.lists import Lists
from app.dialect.query import Dialect, ListQuery, Owner, parse
from app.resource.resource import Resource
from app.sql import Query
from app.turns import Turns

log = logging.getLogger(__name__)

_MOST = 128  # what many ask for at once, the whole list above all
_LONGEST = 1024  # bytes of a query string that is remembered: what it means takes thirty times as much

_Key = tuple[bytes, Dialect, Owner | None, Lists]
_Statement = tuple[ListQuery, Query]


class Asked:
    """The list requests of one resource. To understand a new one takes its turn."""

    def __init__(self, resource: Resource, turns: Turns) -> None:
        self._resource, self._turns = resource, turns
        self._recent = OrderedDict[_Key, _Statement]()
        self._order_said = False

    async def statement(self, query_string: bytes, dialect: Dialect, owner: Owner | None, lists: Lists) -> _Statement:
        """Raises `UnsupportedQuery` for a query this server does not serve."""
        key = query_string, dialect, owner, lists
        if known := self._recent.get(key):
            self._recent.move_to_end(key)
            return known
        found = await self._turns.take(partial(self._understood, *key))
        if len(query_string) + len(owner.id if owner else "") <= _LONGEST:
            self._remember(key, found)
        return found

    def _understood(self, query_string: bytes, dialect: Dialect, owner: Owner | None, lists: Lists) -> _Statement:
        query = parse(query_string, dialect, self._resource.fields, owner)
        if lists.nearly_ordered(query):
            self._say_nearly_ordered()
        return query, lists.rows(query)

    def _say_nearly_ordered(self) -> None:
        if not self._order_said:
            self._order_said = True
            log.warning(
                "lists sorted by text are only nearly in json-server 1.x's order: "
                "this PostgreSQL was built without ICU, which knows every alphabet"
            )

    def _remember(self, key: _Key, found: _Statement) -> None:
        self._recent[key] = found
        if len(self._recent) > _MOST:
            self._recent.popitem(last=False)
