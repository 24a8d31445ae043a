"""The patients table in the importer's SQL: names from the model and the schema, statements composed."""

from typing import LiteralString

from psycopg import sql

from app.resources import PATIENTS

_COLUMNS = PATIENTS.columns
_PARTS: dict[str, sql.Composable] = {
    "table": sql.Identifier(PATIENTS.table.name),
    "aside": sql.Identifier("patients_aside"),  # temporary: records that may repeat a key, until they are settled
    "equal": sql.Identifier("patients_equal"),  # temporary: rows that were there before, just as the file has them
    "columns": sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
    "content": sql.SQL(", ").join(map(sql.Identifier, _COLUMNS[1:])),
    "sequence": sql.SQL("pg_get_serial_sequence({}, 'position')::regclass").format(PATIENTS.table.name),
}


def compose(text: LiteralString, **parts: sql.Composable) -> sql.Composed:
    """SQL with names filled in, and `parts`. {columns}: position first, extra last; {content}: without the position."""
    return sql.SQL(text).format(**_PARTS, **parts)


def content_of(alias: LiteralString) -> sql.Composed:
    """All that makes two rows the same patient: every column but the position."""
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in _COLUMNS[1:])


def row_of(alias: LiteralString) -> sql.Composed:
    """The content as one value, to be compared."""
    return sql.SQL("ROW({})").format(content_of(alias))
