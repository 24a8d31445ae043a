"""From SQLAlchemy's statement to the SQL text that psycopg executes. Compiles; never executes.

SQLAlchemy builds and compiles, once per statement shape; psycopg runs: to execute through SQLAlchemy costs several
times as much.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, ColumnElement, Text, literal_column
from sqlalchemy.engine.url import URL

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()


class Query(NamedTuple):
    """SQL in psycopg's `%(name)s` style and the values it binds."""

    sql: str
    params: Mapping[str, Any]


def compile_sql(statement: ClauseElement) -> str:
    """The statement as psycopg's SQL text; its bind parameters keep the names given with `bindparam`."""
    return str(statement.compile(dialect=_DIALECT))


def constant(text: str) -> ColumnElement[str]:
    """A text of ours written into the SQL. Never for anything that came from outside: that is bound."""
    return literal_column("'" + text.replace("'", "''") + "'", Text)
