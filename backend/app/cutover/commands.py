"""`python -m app cutover`: the process, and the words by which a person leads it."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console

from app import config
from app.config import BACKEND, SettingsError
from app.cutover import leading, watching
from app.cutover.comparable import Version
from app.cutover.place import Place, StateTaken
from app.cutover.releases import RELEASES
from app.cutover.stages import StageName
from app.resource.resource import Resource
from app.server import ListenError

_ABOUT = """Stand in front of a json-server (old) and of this server (new) while a team moves, as one address.

\b
Stages, one after the other, each undone at any minute:
  old   json-server answers all; where it begins
  copy  json-server answers all; each write is copied to the new side, each read compared
  ramp  the new side answers the reads of --share per cent of the clients; writes as in copy
  new   the new side answers; each write is copied to json-server, so that going back loses nothing
  done  the new side alone; the old one is no longer written

\b
Examples, in backend/:
  python -m app cutover --old http://127.0.0.1:3000 --new http://127.0.0.1:8000
  python -m app cutover stage copy               import what json-server has, then copy and compare
  python -m app cutover verify                   read both sides whole: what differs?
  python -m app cutover stage ramp --share 10    a tenth of the clients
  python -m app cutover status --watch           how it goes
  python -m app cutover stage old                back, at once

With DATABASE_URL (environment or backend/.env) of the new side `copy` begins with an import in one transaction, as
scripts/migrate_db_json.py --replace; without, records are sent one by one. docs/migration-guide.md tells the whole
move.
"""
_STAGE = """Go to a stage, and return when it is in effect. What speaks against it is said, and the stage stays.

Forward only if nothing is owed, nothing was refused, both sides are equal, and enough comparisons of this stage have
found nothing. If no cutover runs, the next one goes there when it starts, if nothing is owed or refused by then.
"""
_NO_AIOHTTP = (
    "the cutover needs aiohttp, which serving does not: pip install --require-hashes -r requirements-cutover.txt"
)

State = Annotated[
    Path, typer.Option("--state", help="The folder of flags, journal and events.", show_default="backend/.cutover")
]
_FOLDER = BACKEND / ".cutover"
Port = Annotated[
    int | None,
    typer.Option("--admin-port", metavar="PORT", min=1, max=65535, help="The operator's port, in place of the folder."),
]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def cutover(resources: Sequence[Resource], arguments: Sequence[str]) -> int:
    """Ends with `SystemExit`."""
    app(args=list(arguments), prog_name="python -m app cutover", obj=resources)
    return 0


@app.callback(invoke_without_command=True, help=_ABOUT)
def _serve(
    context: typer.Context,
    *,
    old: Annotated[str, typer.Option(metavar="URL", help="The json-server.")] = "http://127.0.0.1:3000",
    new: Annotated[str, typer.Option(metavar="URL", help="This server.")] = "http://127.0.0.1:8000",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where clients ask.")] = 8080,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    admin_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the operator asks, on this machine only.")
    ] = leading.USUAL_PORT,
    state: State = _FOLDER,
    release: Annotated[Version, typer.Option(help="Which json-server the old side is.")] = "0.17.4",
    timeout: Annotated[float, typer.Option(min=0.1, max=300, help="Seconds an answer may take to begin.")] = 10.0,
    notify: Annotated[str, typer.Option(metavar="URL", help="Gets a POST when it falls back, or cannot.")] = "",
) -> None:
    if context.invoked_subcommand:
        return
    try:
        from app.cutover.assembling import Plan  # noqa: PLC0415 who has no aiohttp gets a line, and `stage` needs none
        from app.cutover.journal import JournalError  # noqa: PLC0415
        from app.cutover.running import run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise typer.Exit(_end(_NO_AIOHTTP if error.name == "aiohttp" else str(error))) from error
    try:
        settings = config.load(environment="development", host=host, port=port)  # it has no database that must be set
        database = settings.database_url.get_secret_value() if settings.database_url else None
        told = notify and _url(notify)
        plan = Plan(*_two(old, new), RELEASES[release], Place(state), timeout, told, database, context.obj)
        run(plan, settings, admin_port)
    except ListenError as error:
        raise typer.Exit(_end(f"{error.fault}; --host, --port and --admin-port name others")) from error
    except OSError as error:
        raise typer.Exit(_end(f"{error.filename}: {error.strerror}" if error.filename else str(error))) from error
    except (SettingsError, StateTaken, JournalError) as error:
        raise typer.Exit(_end(str(error))) from error


@app.command(help=_STAGE)
def stage(
    name: Annotated[StageName, typer.Argument(metavar="NAME")],
    *,
    share: Annotated[int | None, typer.Option(min=0, max=100, help="Per cent of the clients, in ramp.")] = None,
    anyway: Annotated[str, typer.Option(metavar="REASON", help="Although something speaks against it; is kept.")] = "",
    state: State = _FOLDER,
    admin_port: Port = None,
) -> None:
    wanted = {"stage": name} | ({} if share is None else {"share": share}) | ({"anyway": anyway} if anyway else {})
    raise typer.Exit(_said(leading.stage(leading.Whom(state, admin_port), wanted)))


@app.command(help="Read both sides whole: what is only here, only there, different. Exit code 1 if anything is.")
def verify(*, state: State = _FOLDER, admin_port: Port = None) -> None:
    raise typer.Exit(_said(leading.verify(leading.Whom(state, admin_port))))


@app.command(help="How it goes: the stage, what was compared, what is owed, what has happened.")
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="On the terminal, again each second.")] = False,
    state: State = _FOLDER,
    admin_port: Port = None,
) -> None:
    whom = leading.Whom(state, admin_port)
    raise typer.Exit(_said(watching.watch(whom, Console()) if watch else leading.status(whom)))


@app.command("give-up", help="Let a record go that the side that follows will not take: it stays on the other alone.")
def give_up(
    resource: Annotated[str, typer.Argument(help="As in its address.")],
    identity: Annotated[str, typer.Argument(metavar="ID")],
    *,
    state: State = _FOLDER,
    admin_port: Port = None,
) -> None:
    raise typer.Exit(_said(leading.give_up(leading.Whom(state, admin_port), resource, identity)))


def _said(answer: leading.Said) -> int:
    print(answer.text, file=sys.stderr if answer.code else sys.stdout)
    return answer.code


def _end(sentence: str) -> int:
    print(f"Not started: {sentence}", file=sys.stderr)
    return 2


def _two(old: str, new: str) -> tuple[str, str]:
    """Raises `SettingsError`."""
    if _url(old) == _url(new):
        raise SettingsError(f"--old and --new are both {_url(old)}")
    return _url(old), _url(new)


def _url(text: str) -> str:
    """Raises `SettingsError` for what is no address."""
    with suppress(ValueError):  # of brackets that are not closed, or a port that is none
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return text.rstrip("/")
    raise SettingsError(f"{text} is no http address")
