"""SQL as text for psycopg, and the values that go with it. Builds; never executes.

A resource's table and columns have names of somebody's db.json. So every name that our SQL gives beside them, to a CTE,
an alias or a column of either, ends in `MARK`, which none of theirs has: ours never hides one of them, nor meets it.

A fixed statement is text, made once for a resource; what a client's query makes is joined from `Part`s: to compile each
new shape would cost milliseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Dialect
from sqlalchemy.engine.url import URL

MARK = "$"  # PostgreSQL takes it in a name that is not quoted, but for its beginning (4.1.1)
_RESERVED = {"collation", "concurrently", "lateral", "system_user", "tablesample"}  # SQLAlchemy 2.0 knows none of these


def quoting(dialect: Dialect) -> Dialect:
    """The dialect, and it quotes every word that PostgreSQL reserves (appendix C)."""
    dialect.identifier_preparer.reserved_words = _RESERVED | dialect.identifier_preparer.reserved_words
    return dialect


_DIALECT = quoting(URL.create("postgresql+psycopg").get_dialect()())


class Query(NamedTuple):
    """SQL in psycopg's `%(name)s` or `%s` style and the values it binds."""

    sql: str
    params: Mapping[str, Any] | Sequence[Any]


class Part(NamedTuple):
    """A piece of SQL and the values it binds, in their order. Whatever a client sent is a value, never SQL."""

    sql: str
    values: tuple[Any, ...] = ()

    def within(self, sql: str, *values: Any) -> "Part":
        """This piece in the place of `{}` in other SQL, which binds its own values behind it."""
        return Part(sql.format(self.sql), (*self.values, *values))


ALWAYS = Part("true")
NEVER = Part("false")


def joined(separator: str, parts: Iterable[Part]) -> Part:
    """The parts' SQL with the separator between, and all their values."""
    sql, values = zip(*parts, strict=True)
    return Part(separator.join(sql), tuple(chain.from_iterable(values)))


def all_of(tests: Sequence[Part]) -> Part:
    """True where every test is; ALWAYS without any."""
    return _combined(" AND ", tests) if tests else ALWAYS


def any_of(tests: Sequence[Part]) -> Part:
    """True where at least one test is; NEVER without any."""
    return _combined(" OR ", tests) if tests else NEVER


def _combined(operator: str, tests: Sequence[Part]) -> Part:
    if len(tests) == 1:
        return tests[0]
    sql, values = joined(operator, tests)
    return Part(f"({sql})", values)


def by_type(document: Part, found: Mapping[str, Part], otherwise: Part | None = None) -> Part:
    """What is looked at for each JSON type of a value; otherwise NULL."""
    cases = [Part(f"WHEN '{kind}' THEN {part.sql}", part.values) for kind, part in found.items()]
    rest = [Part(f"ELSE {otherwise.sql}", otherwise.values)] if otherwise else []
    return joined(" ", [document.within("CASE jsonb_typeof({})"), *cases, *rest, Part("END")])


def quoted(name: str) -> str:
    """A name of ours as it stands in SQL for psycopg, quoted where it must be (PostgreSQL 4.1.1)."""
    return _DIALECT.identifier_preparer.quote(name)


def quoted_text(text: str) -> str:
    """A text of ours as a literal in SQL for psycopg. Never for anything that came from outside: that is bound."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


class Dear(Query):
    """A read that may take long: as much as there is, or what no index finds."""


class Change(Query):
    """One that changes something. Once it was sent it is finished, whoever has gone: it may be committed already."""


class Changes(Change):
    """One for several requests, each of which can go alone: it waits for no lock, but says that one is in the way."""
