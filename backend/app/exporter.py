"""PostgreSQL -> db.json, the way back: every patient in list order, in the layout json-server writes. Knows no HTTP.

The records' JSON is PostgreSQL's own, as the API sends it; here it only gets line breaks. What is in memory at one time
does not depend on how many there are. `importer` is the way here.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from app.dialect.row import row
from app.importer.connection import connected
from app.importer.files import destination
from app.importer.frame import Frame, alone
from app.resources import PATIENTS

_AT_ONCE = 2000  # rows of one fetch
_ROWS = f"SELECT {row(PATIENTS)} FROM {PATIENTS.sql} ORDER BY {PATIENTS.position}"
_STEP = "  "  # JSON.stringify(data, null, 2)
# A text; an opening bracket, perhaps with its closing one; a closing one; a separator with PostgreSQL's blank.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])\s*([\]}]?)|[\]}]|([,:])\s*')


def export(dsn: str, file: IO[bytes], frame: Frame | None = None) -> int:
    """Write the table as a db.json, as it is at one moment; readers and writers go on. Returns the number of patients.

    `frame` is what else the file is to have. Raises `importer.connection.DatabaseFailed`, and `OSError` from the file.
    """
    frame, written = frame or alone(), 0
    frame.write_head(file)
    file.write(b"[")
    with connected(dsn) as connection, connection.cursor(name="export") as cursor:
        cursor.itersize = _AT_ONCE
        for (record,) in cursor.execute(_ROWS):
            file.write(f"{',' if written else ''}\n{_STEP * 2}{laid_out(record, 2)}".encode())
            written += 1
    file.write(f"\n{_STEP}]".encode() if written else b"]")
    frame.write_tail(file)
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


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file, its owner's alone, that takes the path's place when the block ends well; until then nothing changes.

    Raises `OSError`.
    """
    target = Path(destination(path))
    if target.exists() and not target.is_file():
        raise FileExistsError(0, "it is not a file", str(path))
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".export-", delete=False) as file:
        try:
            yield file.file
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, target)
        except BaseException:
            os.unlink(file.name)
            raise
