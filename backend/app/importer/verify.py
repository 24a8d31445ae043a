"""What the table holds is what the file said: a sum of digests over the very lines that COPY takes and gives."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from app.importer.table import compose

_BEHIND = "SELECT position - {base} - 1, {content} FROM {table} WHERE position > {base}"
_READ = "COPY ({rows}) TO STDOUT (ENCODING 'UTF8')"
_NO_EXTRA = b"\t{}\n"
_WORD = (1 << 64) - 1
_EVERY = 4096


class Tally(NamedTuple):
    """How many rows, and the sum of their digests in 64 bits: the same for the same rows in any order."""

    rows: int = 0
    digests: int = 0

    def plus(self, rows: int, digests: int) -> "Tally":
        return Tally(self.rows + rows, (self.digests + digests) & _WORD)


def digest(line: bytes) -> int:
    """64 bits, signed, of a row's line, its index in the file first; different in each process (Python's hashing).

    `extra` counts by value: PostgreSQL sorts its names and spells its numbers anew.
    """
    if line.endswith(_NO_EXTRA):
        return hash(line)
    columns, extra = line.rsplit(b"\t", 1)
    text = extra.replace(rb"\\", b"\\")  # the only thing COPY escapes in JSON's text
    return hash((columns, _value(json.loads(text, parse_int=Decimal, parse_float=Decimal))))


def behind(base: int) -> sql.Composed:
    """The query of every row behind a position, by its index in the file."""
    return compose(_BEHIND, base=sql.Literal(base))


def read_back(connection: psycopg.Connection[Any], query: sql.Composed, on_rows: Callable[[int], None]) -> Tally:
    """The tally of the query's rows, as they are stored now. `on_rows` is told how many were read."""
    rows = digests = 0
    with connection.cursor().copy(sql.SQL(_READ).format(rows=query)) as lines:
        for line in lines:
            digests += digest(bytes(line))
            rows += 1
            if not rows % _EVERY:
                on_rows(rows)
    return Tally().plus(rows, digests)


def _value(value: Any) -> int:
    if isinstance(value, dict):
        return hash((dict, frozenset((name, _value(item)) for name, item in value.items())))
    if isinstance(value, list):
        return hash((list, tuple(map(_value, value))))
    return hash((type(value), value))
