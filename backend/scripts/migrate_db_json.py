#!/usr/bin/env python3
"""The command line of the importer: options in, exit code out. The work is done in `app/importer`."""

import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder would be searched

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption while all this is loaded is no traceback

import typer

from app.config import BACKEND
from app.importer.console import Screen, failure, hear_interruptions, progress, say, summary
from app.importer.files import STANDARD_INPUT, STANDARD_OUTPUT, Unwritable
from app.importer.report import Report
from app.importer.run import Options, Progress, import_file
from app.remote import Remote, import_to
from app.resources import RESOURCES
from app.target import database, remember

_HELP = """Import the records of a db.json into PostgreSQL: every collection that the server serves.

The database is DATABASE_URL's (environment or backend/.env), or the embedded one when that is unset. Everything happens
in one transaction; a killed run leaves nothing behind. Running it again is safe: what is there already is "unchanged",
and nothing in a table is ever overwritten. Only with --replace: then the table of each collection in FILE becomes what
FILE says, in its order, and what FILE does not have is deleted; or nothing happens, if a single record cannot go in.

\b
Examples, in backend/:
  python scripts/migrate_db_json.py                          import ../db.json, wherever you stand
  python scripts/migrate_db_json.py --dry-run old.json       say what would happen, write nothing
  python scripts/migrate_db_json.py --replace --dry-run      how many would go and change if db.json were all there is
  python scripts/migrate_db_json.py old.json --report r.json --rejects bad.json
  python scripts/migrate_db_json.py bad.json                 the rejected records, once they are mended
  zcat db.json.gz | python scripts/migrate_db_json.py -      from a pipe
  API_KEY=pak_… python scripts/migrate_db_json.py --to https://patients-api.example    into a running server
  python scripts/migrate_db_json.py --report - | jq .totals  the account to standard output, all else to standard error

\b
Exit codes:
  0  every record is in, or was there already
  1  some are not in: rejected, duplicate or in conflict with a table
  2  the file is absent or unreadable, or the command line is wrong
  3  the database failed, or verification, or the report or the rejects could not be written; nothing was changed
"""

_HYPHEN = Path("-")
_OUT: dict[Path | None, Path] = {_HYPHEN: STANDARD_OUTPUT}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(help=_HELP)
def main(
    *,
    file: Annotated[
        Path, typer.Argument(help="The db.json, or - for standard input.", show_default="the repository's db.json")
    ] = BACKEND.parent / "db.json",
    report: Annotated[
        Path | None, typer.Option(help="Write the full account here, as JSON; - is standard output.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write the rejected records here, verbatim, as a db.json; - as above.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same verdicts, but write nothing.")] = False,
    all_or_nothing: Annotated[
        bool,
        typer.Option(
            "--all-or-nothing", help="Write only if every record is good; if not, mend FILE and import all of it."
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Make the tables what FILE says, if every record is good: all else in them is deleted."
        ),
    ] = False,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not read back and compare what was written.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Import into the server there, over HTTP, and not into a database."),
    ] = None,
    key: Annotated[
        str, typer.Option(envvar="API_KEY", help="With --to: the access key or token. Better in API_KEY than here.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress and no summary; errors only.")] = False,
) -> None:
    options = Options(
        dry_run, all_or_nothing, not no_verify, _OUT.get(report, report), _OUT.get(rejects, rejects), replace
    )
    raise typer.Exit(run(STANDARD_INPUT if file == _HYPHEN else file, options, quiet, _server(to, key, options)))


def _server(url: str | None, key: str, options: Options) -> Remote | None:
    if url is None:
        return None
    if options.replace or not options.verify:
        raise typer.BadParameter("a server knows no --replace and no --no-verify", param_hint="--to")
    try:
        return Remote(url, key)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from None


def run(file: Path, options: Options, quiet: bool, server: Remote | None = None) -> int:
    """Import, talk about it, and return the exit code."""
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # what it warns of comes up as an error, too
    taken = STANDARD_OUTPUT in {options.report, options.rejects}
    out, err = Screen(quiet=quiet, stderr=taken), Screen(stderr=True)
    try:
        hear_interruptions()
        with progress(Screen(stderr=True, quiet=quiet)) as on_step:
            report = _report(file, options, on_step, server)
    except Unwritable as error:
        say(err, str(error))
        return 2
    except KeyboardInterrupt:
        say(err, "Interrupted: nothing was written.")
        return 130
    if report.sentence:
        say(err, failure(report))
    else:
        summary(out, report, RESOURCES)
    if report.untold not in report.sentence:
        say(err, report.untold)
    if report.exit_code == 0 and not options.dry_run and file.is_file() and not server:
        remember(file, report.left)
    return report.exit_code


def _report(file: Path, options: Options, on_step: Progress, server: Remote | None) -> Report:
    if server:
        return import_to(server, file, options, on_step)
    return import_file(file, database(), RESOURCES, options, progress=on_step, before_commit=_finish_what_is_begun)


def _finish_what_is_begun(*_: object) -> None:
    """From the commit on an interruption could only hide what was done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    app()
