#!/usr/bin/env python3
"""The command line of the exporter: file name in, exit code out. The work is done in `app/exporter.py`."""

import signal
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder would be searched

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption while all this is loaded is no traceback

import typer

from app.exporter import export
from app.importer.connection import DatabaseFailed
from app.importer.console import Screen, counted, failure, hear_interruptions, named, say
from app.importer.files import STANDARD_OUTPUT, Unwritable, output
from app.importer.frame import Frame, alone, around
from app.importer.report import Report
from app.importer.source import Unreadable
from app.resources import RESOURCES
from app.target import database

_HELP = """Export what the server serves from PostgreSQL as a db.json that json-server serves.

The database is DATABASE_URL's (environment or backend/.env), or the embedded one when that is unset. The server may go
on serving: the file holds what was committed when the export began, in list order. In an existing FILE the lists of
these records are replaced, and all else stays as it is; it is replaced only when the new one is complete, and not
touched at all if it is no db.json.

\b
Examples, in backend/:
  python scripts/export_db_json.py                    write db.json here
  python scripts/export_db_json.py /backup/db.json
  python scripts/export_db_json.py - | gzip > db.json.gz

\b
Exit codes:
  0  every record is in the file
  2  the file cannot be written, or is there and is no db.json, or the command line is wrong; it is as it was
  3  the database failed; an existing file is as it was
"""

_HYPHEN = Path("-")

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
    except Unwritable as error:
        say(err, str(error))
        return 2
    except OSError as error:
        say(err, f"{file} cannot be written: {error.strerror}")
        return 2
    say(console, sentence)
    return 0


def _export(file: Path) -> str:
    """Export, and in a sentence what was written and what was kept."""
    target = STANDARD_OUTPUT if file == _HYPHEN else file
    with output(target) as place:
        with place.anew() as written, _frame(file) as frame, database() as dsn:
            counts = export(dsn, written, RESOURCES, frame)
        place.show()
    by_path = {resource.path: resource for resource in RESOURCES}
    numbers = (counted(number, by_path[path]) for path, number in counts.items())
    return f"{_listed(numbers)} written to {file}{_replaced(frame)}"


def _frame(file: Path) -> AbstractContextManager[Frame]:
    collections = [resource.path for resource in RESOURCES]
    return nullcontext(alone(collections)) if file == _HYPHEN else around(file, collections)


def _replaced(frame: Frame) -> str:
    replaced = [f"{gap.records:,}" for gap in frame.gaps if gap.records is not None]
    instead = f", in the place of {_listed(replaced)}" if replaced else ""
    return instead + (f"; kept as they are: {', '.join(map(named, frame.kept))}" if frame.kept else "")


def _listed(items: Iterable[str]) -> str:
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last


if __name__ == "__main__":
    app()
