"""What revisions do to a declared table beside alembic's own operations. Names are those of a declaration."""

import logging
from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from app.dialect.collation import DETECT, Collations
from app.dialect.folding import bare_sql, lower_sql, plain_sql
from app.resource.columns import search_indices
from app.sql import quoted

log = logging.getLogger("alembic.runtime.migration")

_JSON_TYPES = {"text": "string", "date": "string", "bigint": "number", "float8": "number", "boolean": "boolean"}


def index_texts(texts: Mapping[str, str]) -> None:
    """Table -> all its texts as `dialect.search` looks at them: indices for searches where there are trigrams.

    One of all texts, which `q` uses, and one of those that are not plain ASCII, bare, which `:similar` has beside it.
    """
    try:
        with op.get_bind().begin_nested():
            _index_trigrams(texts)
    except DBAPIError:  # not installed, not allowed, not visible: the search is right without it, and slower
        log.info("No trigram index (pg_trgm): a search reads the whole table.")


def demand_empty(table: str) -> None:
    """Raises `RuntimeError` where a record would lose what it has."""
    connection = op.get_bind()
    connection.exec_driver_sql(f"LOCK TABLE {quoted(table)} IN ACCESS EXCLUSIVE MODE")
    if connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {quoted(table)})").scalar():
        raise RuntimeError(f"{table} has records, and they would lose fields: export them and empty the table first")


def take(table: str, column: str, field: str, kind: str) -> None:
    """Give a new column what records have as an undeclared field; their null stays there.

    Raises `RuntimeError` for a value of another type.
    """
    of_type = {"field": field, "type": _JSON_TYPES.get(kind, "")}
    where = f"FROM {quoted(table)} WHERE jsonb_typeof(extra -> :field) NOT IN (:type, 'null')"
    if kind in _JSON_TYPES and op.get_bind().scalar(sa.text(f"SELECT EXISTS (SELECT {where})"), of_type):
        raise RuntimeError(
            f"{table}: the {field} of some records is no {of_type['type']}, and so cannot be declared one"
        )
    value = f"CAST(extra ->> :field AS {kind})" if kind in _JSON_TYPES else "extra -> :field"
    _set(table, f"{quoted(column)} = {value}, extra = extra - :field WHERE extra -> :field <> 'null'", field)


def give_back(table: str, column: str, field: str) -> None:
    """What a column that goes has becomes an undeclared field again."""
    extra = f"extra || jsonb_build_object(CAST(:field AS text), {quoted(column)})"
    _set(table, f"extra = {extra} WHERE {quoted(column)} IS NOT NULL", field)


def _set(table: str, change: str, field: str) -> None:
    op.get_bind().execute(sa.text(f"UPDATE {quoted(table)} SET {change}"), {"field": field})


def _index_trigrams(texts: Mapping[str, str]) -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    fold = quoted(Collations(*op.get_bind().exec_driver_sql(DETECT.sql).one()).fold)
    for table, all_of_them in texts.items():
        every, bare = search_indices(table)
        _index(every, table, lower_sql(all_of_them, fold))
        _index(bare, table, bare_sql(all_of_them, fold), f" WHERE NOT {plain_sql(all_of_them)}")


def _index(name: str, table: str, texts: str, few: str = "") -> None:
    made = f"CREATE INDEX IF NOT EXISTS {quoted(name)} ON {quoted(table)}"
    op.get_bind().exec_driver_sql(f"{made} USING gin (({texts}) gin_trgm_ops){few}")
