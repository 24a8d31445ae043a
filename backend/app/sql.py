"""From SQLAlchemy's statement to the SQL text that psycopg executes. Compiles; never executes.

SQLAlchemy builds and compiles (once per statement shape), psycopg runs: executing through SQLAlchemy costs several times as much.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

_DIALECT = PGDialect_psycopg()


class Query(NamedTuple):
    """SQL in psycopg's `%(name)s` style and the values it binds."""

    sql: str
    params: Mapping[str, Any]


def compile_sql(statement: Executable) -> str:
    """The statement as psycopg's SQL text; its bind parameters keep the names given with `bindparam`."""
    return str(statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True}))
