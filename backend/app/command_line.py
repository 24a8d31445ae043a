"""The command line of `python -m app`, as people type json-server's: the flags of 0.17.4 and of the 1.x betas.

A flag is another way to write a setting. One that has no counterpart is known all the same: it gets a sentence.
"""

from argparse import SUPPRESS, Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app import __version__
from app.importer.mistaken import absent


class CommandLineError(Exception):
    """What was typed cannot be done. The text has a line for each reason that says what to do instead."""


class Asked(NamedTuple):
    """What a command line asks for: settings by field name, and sentences for whoever typed it."""

    settings: Mapping[str, object]
    notes: Sequence[str]


class Flag(NamedTuple):
    """Spellings, how argparse reads it (`dest` is a setting's field), and what it does."""

    names: Sequence[str]
    reading: Mapping[str, Any]
    does: str


class Missing(NamedTuple):
    """A flag without a counterpart: spellings, `nargs`, whether other answers would come without it, what to do."""

    names: Sequence[str]
    nargs: int | str | None
    matters: bool
    instead: str


FLAGS = (
    Flag(("-p", "--port"), {"dest": "port"}, "the port (json-server's is 3000, here it is 8000)"),
    Flag(("-H", "--host"), {"dest": "host"}, "the address to listen on; 0.0.0.0 is every one"),
    Flag(("-d", "--delay"), {"dest": "delay", "metavar": "MS"}, "hold each answer back; in development only"),
    Flag(
        ("--read-only", "--ro", "--readOnly"),
        {"dest": "read_only", "action": "store_const", "const": True},
        "answer 403 to whatever would write; in development only",
    ),
    Flag(
        ("--no-cors", "--nc"),
        {"dest": "cors_origins", "action": "store_const", "const": ()},
        "let no page of another origin call",
    ),
    Flag(
        ("--foreignKeySuffix", "--fks"),
        {"dest": "foreign_key_suffix", "metavar": "END"},
        "how a key ends, if not as doctorId does: _id for doctor_id",
    ),
    Flag(
        ("-q", "--quiet"),
        {"dest": "log_level", "action": "store_const", "const": "WARNING"},
        "say nothing but warnings",
    ),
    Flag(("-h",), {"dest": "h", "nargs": "?", "const": "", "metavar": "HOST"}, "the help; with an address as --host"),
    Flag(("--help",), {"action": "help"}, "the help"),
    Flag(("-v", "--version"), {"action": "version", "version": __version__}, "the version"),
)

MISSING = (
    Missing(
        ("-w", "--watch"),
        0,
        False,
        "the file is read once; after a change `make reset` begins anew with it",
    ),
    Missing(
        ("-S", "--snapshots"), None, False, "`python scripts/export_db_json.py FILE` writes what there is at any time"
    ),
    Missing(("--no-gzip", "--ng"), 0, False, "only who asks for gzip gets it"),
    Missing(("-s", "--static"), None, True, "the frontend's own server has its files, or `npx serve DIRECTORY`"),
    Missing(
        ("-r", "--routes"),
        None,
        True,
        "a prefix such as /api goes into the frontend's base address, or its server takes it off (Vite: server.proxy)",
    ),
    Missing(("-m", "--middlewares"), "+", True, "no JavaScript runs here; the frontend's server or a proxy can do it"),
    Missing(("-i", "--id"), None, True, "the id is the field `id`: rename it in the file"),
    Missing(("-c", "--config"), None, True, "write flags, or settings into backend/.env, a line each: PORT=3000"),
)

_ABOUT = """Serve a db.json's records from PostgreSQL as json-server would, until Ctrl-C.

With DATABASE_URL that database is served as it is. Without, it starts a PostgreSQL for itself, with its data in
backend/.data; if that was never used, it begins with the records of db.json. The file is only read: what clients write
is in PostgreSQL before they have their answer, and there at the next start.
"""
_FILE = "what a database that was never used begins with, as SEED_FILE; ../db.json if not given"
_EXAMPLES = """examples, in backend/:
  python -m app                          the records of ../db.json at http://127.0.0.1:8000
  python -m app -p 3000 mine.json        those of another file, at json-server's own port
  python -m app --delay 300 --read-only  see how a frontend takes a slow server that refuses to write
  PORT=9000 DATABASE_URL=postgresql://user@host/database python -m app
  python -m app key anna writer          no server: a new access key (ACCESS=keys), and its line for API_KEYS
  python -m app replay URL --since …     no server: what has changed since, to a json-server (docs/changes.md)

Settings are environment variables or lines of backend/.env; backend/.env.example and docs/operations.md explain each. A
flag wins over both. `python scripts/export_db_json.py mine.json` is the way back to a file, `make reset` begins anew.
"""


def parse(arguments: Sequence[str]) -> Asked:
    """What these arguments ask for. Raises `CommandLineError`, and `SystemExit` after help, version or usage."""
    parser = _parser()
    typed = vars(parser.parse_args(arguments))
    missing: Sequence[Missing] = typed.pop("missing", ())
    if any(flag.matters for flag in missing):
        raise CommandLineError("\n".join(map(_sentence, missing)))
    if host := typed.pop("h", None):
        typed["host"] = host
    elif host is not None:
        parser.parse_args(["--help"])
    if file := typed.pop("file", None):
        typed["seed_file"] = _found(file)
    return Asked(typed, list(map(_sentence, missing)))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        "python -m app",
        "python -m app [flags] [db.json]",
        _ABOUT,
        _EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        argument_default=SUPPRESS,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("file", nargs="?", metavar="db.json", help=_FILE)
    for flag in FLAGS:
        parser.add_argument(*flag.names, **flag.reading, help=flag.does)
    group = parser.add_argument_group("flags of json-server that have no counterpart here, and what to do instead")
    for lacking in MISSING:
        reading: Mapping[str, Any] = {"action": _Note, "nargs": lacking.nargs, "const": lacking, "metavar": "…"}
        group.add_argument(*lacking.names, **reading, help=lacking.instead)
    return parser


class _Note(Action):
    """Keeps the flag (its `const`), whatever value it was given."""

    def __call__(self, _: ArgumentParser, namespace: Namespace, *__: object) -> None:
        namespace.missing = [*getattr(namespace, "missing", ()), self.const]


def _sentence(flag: Missing) -> str:
    return f"{max(flag.names, key=len)} has no counterpart here: {flag.instead}"


def _found(file: str) -> Path:
    path = Path(file).resolve()
    if not path.is_file():
        raise CommandLineError(f"{file}: {absent(path) or 'there is no such file'}")
    return path
