"""What a query string asks for, as a statement; remembered while it is asked again and again."""

from collections import OrderedDict
from functools import partial

from app.jsonserver.collation import Collations
from app.jsonserver.query import Dialect, ListQuery, parse
from app.jsonserver.statement import list_query
from app.schemas.patient import COLUMNS
from app.sql import Query
from app.turns import Turns

_MOST = 128  # what many ask for at once, the whole list above all
_LONGEST = 1024  # bytes of a query string: what it means may take thirty times as much

Asked = tuple[ListQuery, Query]


class Lists:
    """Query strings as statements. Never holds the event loop for long."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._recent = OrderedDict[tuple[bytes, Dialect, Collations], Asked]()

    async def asked(self, query_string: bytes, dialect: Dialect, collations: Collations) -> Asked:
        """Raises `UnsupportedQuery`."""
        key = query_string, dialect, collations
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key]
        asked = await self._turns.take(partial(_read, *key))
        return self._remembered(key, asked) if len(query_string) <= _LONGEST else asked

    def _remembered(self, key: tuple[bytes, Dialect, Collations], asked: Asked) -> Asked:
        self._recent[key] = asked
        if len(self._recent) > _MOST:
            self._recent.popitem(last=False)
        return asked


def _read(query_string: bytes, dialect: Dialect, collations: Collations) -> Asked:
    query = parse(query_string, dialect, COLUMNS)
    return query, list_query(query, collations)
