"""PostgreSQL -> db.json, the way back: every record in list order, in the layout json-server writes. Knows no HTTP.

The records' JSON is PostgreSQL's own, as the API sends it; here it only gets line breaks. What is in memory at one time
does not depend on how many there are. `importer` is the way here.
"""

import re
from collections.abc import Sequence
from typing import IO, Any

from psycopg import Connection, IsolationLevel

from app.dialect.row import row
from app.importer.connection import connected
from app.importer.frame import Frame
from app.resource.resource import Resource

_AT_ONCE = 2000  # rows of one fetch
_STEP = "  "  # JSON.stringify(data, null, 2)
# A text; an opening bracket, perhaps with its closing one; a closing one; a separator with PostgreSQL's blank.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])\s*([\]}]?)|[\]}]|([,:])\s*')


def export(dsn: str, file: IO[bytes], resources: Sequence[Resource], frame: Frame) -> dict[str, int]:
    """Write the tables as a db.json, all as they are at one moment; readers and writers go on. How many of each.

    `frame` is what else the file is to have. Raises `importer.connection.DatabaseFailed`, and `OSError` from the file.
    """
    by_path = {resource.path: resource for resource in resources}
    with connected(dsn) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        return {gap.collection: _list(connection, by_path[gap.collection], file) for gap in frame.write(file)}


def _list(connection: Connection[Any], resource: Resource, file: IO[bytes]) -> int:
    written = 0
    file.write(b"[")
    with connection.cursor(name="export") as cursor:
        cursor.itersize = _AT_ONCE
        query = f"SELECT {row(resource)} FROM {resource.sql} ORDER BY {resource.position}"
        for (record,) in cursor.execute(query.encode(), ()):
            file.write(f"{',' if written else ''}\n{_STEP * 2}{laid_out(record, 2)}".encode())
            written += 1
    file.write(f"\n{_STEP}]".encode() if written else b"]")
    return written


def laid_out(text: str, depth: int) -> str:
    """A JSON text with a line for each member, `depth` steps in. Texts and numbers stay as they are spelled."""

    def broken(token: re.Match[str]) -> str:
        nonlocal depth
        opening, closing, separator = token.groups()
        if closing:
            return f"{opening}{closing}"
        if opening:
            depth += 1
            return f"{opening}\n{_STEP * depth}"
        if separator:
            return ": " if separator == ":" else f",\n{_STEP * depth}"
        if token[0] in "]}":
            depth -= 1
            return f"\n{_STEP * depth}{token[0]}"
        return token[0]

    return _TOKEN.sub(broken, text)
