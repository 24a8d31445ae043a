#!/usr/bin/env python3
"""`make declare FILE=...`: the code of resources that serve a db.json. The work is done in `app/declaring`."""

import json
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder would be searched

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption while all this is loaded is no traceback

import typer
from rich.console import Console
from rich.table import Table

from app import config
from app.config import SettingsError
from app.declaring.collections import Collection, Refused
from app.declaring.plan import Plan, plan
from app.declaring.rows import demand_no_loss
from app.declaring.writing import demand_committed, finished, write
from app.importer.console import Screen, say, shown
from app.importer.mistaken import absent
from app.resources import RESOURCES

_HELP = """Write the code that serves a db.json: for each list of objects a table, a body and a line, and one revision.

The kinds of the fields are those that every value in FILE has; nothing is demanded. Beside each field stands, as a
comment, what its values would bear: take up what is meant as a rule. Then the code is yours, and this is not needed any
more. What FILE's records fit already is left as it is; a collection that is declared otherwise gets a new declaration.

\b
  app/models/doctor.py      the table: columns, constraints, indexes
  app/schemas/doctor.py     the body: fields on the wire, their rules and examples
  app/resources.py          a line for each: what is served
  alembic/versions/...      the revision that makes the tables

\b
Examples, in the top folder of the checkout:
  make declare FILE=../their/db.json             all of it; then: make serve SEED_FILE=../their/db.json
  make declare FILE=../their/db.json DRY_RUN=1   what was found, and which files would be written
  make declare FILE=../their/db.json ONLY=patients,doctors
  git diff; git status                           read it; git restore . and git clean -n are the way back

\b
Ids that are whole numbers in every record stay numbers, and the next one is one above the highest; others are texts. A
record without an id gets one when it is imported, made from its content.

\b
Exit codes:
  0  declared, or there was nothing to declare
  2  refused, and nothing was changed: no such file, no JSON, no list of objects, an unknown --only, uncommitted changes
     in a file that would be written, records in the database that would lose a field
"""

_WIDTH = 160  # of the table where no terminal says how much there is

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(help=_HELP)
def main(
    *,
    file: Annotated[Path, typer.Argument(help="The db.json.", show_default=False)],
    only: Annotated[str, typer.Option(help="Of these collections only, with commas between.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
) -> None:
    try:
        run(file, [name.strip() for name in only.split(",") if name.strip()], dry_run)
    except (Refused, SettingsError) as error:
        say(Screen(stderr=True), f"Nothing was declared. {error}")
        raise typer.Exit(2) from None


def run(file: Path, only: Sequence[str], dry_run: bool) -> None:
    """Declare, and say what was found. Raises `Refused`."""
    if not file.exists():
        raise Refused(f"{file}: {absent(file) or 'there is no such file'}.")
    planned = plan(file, only, RESOURCES)
    console = Screen(width=None if sys.stdout.isatty() else _WIDTH)
    for collection in planned.declared:
        console.print(_table(console, collection))
    _say_what_is_left(console, planned)
    if not planned.declared:
        return
    demand_committed(planned.files)
    remark = demand_no_loss(planned.changes, config.load())
    files = finished(planned.files)
    if not dry_run:
        write(files)
    _say_what_is_written(console, file, planned, remark, dry_run)


def _table(console: Console, collection: Collection) -> Table:
    """What was found, for people, and why: no value of a record is in it."""
    number, ids = len(collection.records), "numbers" if collection.numbered else "texts"
    records = f"{number} record{'s' * (number != 1)}"
    table = Table(title=shown(console, f"{collection.path}: {records}, ids are {ids}"), title_justify="left")
    for heading in ("field", "values", "kind", "have it", "for example", "rules it would bear", "column"):
        table.add_column(heading, overflow="fold")
    for row in _rows(collection):
        table.add_row(*(shown(console, cell) for cell in row))
    return table


def _rows(collection: Collection) -> Iterator[Sequence[str]]:
    for found, column, indexed in collection.columns:
        example, rules, index = json.dumps(found.example), "; ".join(found.rules[1:]), ", indexed" * indexed
        yield found.name, found.types, found.kind.name, found.having, example, rules, column + index
    for name in collection.undeclared:
        yield name, "", "as it is", "", "", "", "none: kept and served, not checked"


def _say_what_is_left(console: Console, planned: Plan) -> None:
    for collection in planned.fitting:
        say(console, f"{collection.path}: every record fits what is declared. It is left as it is.")
    for left in planned.left:
        say(console, f"{left.path}: not declared, {left.reason}.")


def _say_what_is_written(console: Console, file: Path, planned: Plan, remark: str, dry_run: bool) -> None:
    lines = ["", "Would be written:" if dry_run else "Written:", *(f"  backend/{path}" for path in planned.files), ""]
    replaced = [change.after.name for change in planned.changes if change.before is not None]
    lines += [f"{name} has a new declaration in the place of the one that was there." for name in replaced]
    if "patients" in replaced:
        lines.append(_TESTS)
    lines += [remark] if remark else []
    lines.append(
        f"Next: read it (`git diff`), `make fix`, then `make serve SEED_FILE={shlex.quote(str(file.resolve()))}`"
    )
    for line in lines:
        say(console, line)


_TESTS = "The tests of the patients that were there are in backend/tests/patients: yours take that folder's place."

if __name__ == "__main__":
    app()
