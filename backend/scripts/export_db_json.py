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
from app.importer.console import Screen, hear_interruptions, say
from app.target import database

_HELP = """Export the patients from PostgreSQL as a db.json that json-server serves.

The database is DATABASE_URL's (environment or backend/.env), or the embedded one when that is unset. The server may go
on serving: the file holds what was committed when the export began, in list order. An existing FILE is replaced whole,
and only when the new one is complete; other collections in it are not kept.

\b
Examples, in backend/:
  python scripts/export_db_json.py                    write db.json here
  python scripts/export_db_json.py /backup/db.json
  python scripts/export_db_json.py - | gzip > db.json.gz

\b
Exit codes:
  0  every patient is in the file
  2  the file cannot be written, or the command line is wrong; an existing file is as it was
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
        patients = _export(file)
    except DatabaseFailed as error:
        say(err, f"The export failed. {error}")
        return 3
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        say(err, f"{file} cannot be written: {error.strerror}")
        return 2
    say(console, f"{patients:,} patient{'s' * (patients != 1)} written to {file}")
    return 0


def _export(file: Path) -> int:
    with database() as dsn, _standard_output() if str(file) == "-" else replacing(file) as output:
        return export(dsn, output)


def _standard_output() -> IO[str]:
    """UTF-8 whatever the locale, flushed when closed, so that a full disk is no success. Raises `OSError`."""
    if sys.stdout is None:  # closed by the caller; its number may be another file's by now
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)


if __name__ == "__main__":
    app()
