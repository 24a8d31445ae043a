#!/usr/bin/env python3
"""`make reset`: the embedded database of development is removed, so that the next start begins anew."""

import signal
import sys
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder would be searched

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption, here or at the question, is no traceback

import typer

from app import config, embedded, seed, spelling
from app.config import Settings, SettingsError
from app.embedded import EmbeddedError

_HELP = """Remove the embedded database, and every patient in it, so that the next start begins anew with SEED_FILE.

It asks first. A database that DATABASE_URL names is never touched.

\b
Exit codes:
  0  it is removed, or there was none
  1  the answer was no: nothing was removed
  2  it cannot be removed: a server runs, DATABASE_URL is set, or the system refuses
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command(help=_HELP)
def main(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    try:
        settings = config.load()
        spelling.warn()
        raise typer.Exit(run(settings, yes))
    except (SettingsError, EmbeddedError, OSError) as error:
        typer.echo(f"Nothing was removed. {error}", err=True)
        raise typer.Exit(2) from None


def run(settings: Settings, yes: bool) -> int:
    """Ask, remove, and return the exit code. Raises `EmbeddedError` and `OSError`."""
    if settings.database_url:
        raise EmbeddedError("DATABASE_URL is set: only an embedded database begins anew")
    data_dir = settings.data_dir
    if not (data_dir / "pg").exists():
        typer.echo(f"There is no database in {data_dir}.")
        return 0
    embedded.ensure_free(data_dir)
    if not yes and not _confirmed(data_dir):
        typer.echo("Nothing was removed.")
        return 1
    embedded.remove(data_dir)
    seed.forget(data_dir)
    typer.echo(f"Removed. The next start begins with {settings.seed_file or 'no patients'}.")
    return 0


def _confirmed(data_dir: Path) -> bool:
    typer.echo(f"This removes the database in {data_dir} for good, and every patient in it. Go on? [y/N] ", nl=False)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


if __name__ == "__main__":
    app()
