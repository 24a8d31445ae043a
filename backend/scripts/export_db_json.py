#!/usr/bin/env python3
"""The command line of the exporter: file name in, exit code out. The work is done in `app/exporter.py`."""

import errno
import os
import signal
import sys
from pathlib import Path
from typing import IO, Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder would be searched

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption while all this is loaded is no traceback

import typer

from app.exporter import export, replacing
from app.importer.connection import DatabaseFailed
from app.importer.console import Screen, failure, hear_interruptions, named, say
from app.importer.frame import Frame, around
from app.importer.report import Report
from app.importer.source import Unreadable
from app.target import database

_HELP = """Export the patients from PostgreSQL as a db.json that json-server serves.

The database is DATABASE_URL's (environment or backend/.env), or the embedded one when that is unset. The server may go
on serving: the file holds what was committed when the export began, in list order. In an existing FILE the list of
patients is replaced, and all else stays as it is; it is replaced only when the new one is complete, and not touched at
all if it is no db.json.

\b
Examples, in backend/:
  python scripts/export_db_json.py                    write db.json here
  python scripts/export_db_json.py /backup/db.json
  python scripts/export_db_json.py - | gzip > db.json.gz

\b
Exit codes:
  0  every patient is in the file
  2  the file cannot be written, or is there and is no db.json, or the command line is wrong; it is as it was
  3  the database failed; an existing file is as it was
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(help=_HELP)
def main(
    *,
    file: Annotated[Path, typer.Argument(help="The db.json to write, or - for standard output.")] = Path("db.json"),
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    raise typer.Exit(run(file, Screen(stderr=True, quiet=quiet)))


def run(file: Path, console: Screen) -> int:
    """Export, say how many, and return the exit code."""
    err = Screen(stderr=True)
    try:
        hear_interruptions()
        sentence = _export(file)
    except Unreadable as error:
        said = failure(Report.unreadable(str(file), error))
        say(err, f"{said}. It was left as it is: export to another name, or move it away.")
        return 2
    except DatabaseFailed as error:
        say(err, f"The export failed. {error}")
        return 3
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        say(err, f"{file} cannot be written: {error.strerror}")
        return 2
    say(console, sentence)
    return 0


def _export(file: Path) -> str:
    """Export, and in a sentence what was written and what was kept."""
    if str(file) == "-":
        with _standard_output() as output, database() as dsn:
            return f"{_count(export(dsn, output))} written to -"
    with replacing(file) as output, around(file) as frame, database() as dsn:
        return f"{_count(export(dsn, output, frame))} written to {file}{_replaced(frame)}"


def _count(patients: int) -> str:
    return f"{patients:,} patient{'s' * (patients != 1)}"


def _replaced(frame: Frame) -> str:
    instead = "" if frame.records is None else f", in the place of {frame.records:,}"
    return instead + (f"; kept as they are: {', '.join(map(named, frame.kept))}" if frame.kept else "")


def _standard_output() -> IO[bytes]:
    """Flushed when closed, so that a full disk is no success. Raises `OSError`."""
    if sys.stdout is None:  # closed by the caller; its number may be another file's by now
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return open(sys.stdout.fileno(), "wb", closefd=False)


if __name__ == "__main__":
    app()
