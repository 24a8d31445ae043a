"""Where the embedded PostgreSQL lives and as whom. Nothing outside its directories ever changes its mode or owner."""

import os
import pwd
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app import PROGRAM
from app.embedded.binaries import Account, reaches
from app.embedded.errors import EmbeddedError, system

PORT = 5432  # only a part of the socket's name; said everywhere, because PGPORT would change it
_SOCKET_DIRECTORY_BYTES = 103 - len(f"/.s.PGSQL.{PORT}")  # sun_path: macOS has room for 103, Linux for 107
_PLAIN_PATH = re.compile(r"/[\w/.~@+-]*", re.ASCII)  # libpq and PostgreSQL both split socket directories at commas
_PRIVATE = f"{PROGRAM}-"
_OF_SERVICES = ("/var/lib", "/var/db")  # where a system's services keep their data: Linux, macOS
_SHORT = "/tmp"  # noqa: S108 on every system (POSIX, XBD 10.1), and what mkdtemp makes there is its owner's alone


def account_for(data_dir: Path) -> Account | None:
    """Whom PostgreSQL runs as; None: as we do. It refuses root, so for root: the owner of the data, first `nobody`."""
    if os.geteuid() != 0:
        return None
    home = data_dir / "pg"
    if home.exists() and (owner := home.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root and this machine has no user nobody ({system()})"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def data_place(data_dir: Path) -> str:
    """In words where the data are: in `data_dir`, or where its link leads."""
    home = data_dir / "pg"
    return f"{home.resolve()}, where {home} leads" if home.is_symlink() else str(data_dir)


def home_in(data_dir: Path, account: Account | None) -> Path:
    """PostgreSQL's own directory, made if absent."""
    home = data_dir / "pg"
    if home.is_symlink() and not home.exists():
        raise EmbeddedError(
            f"{home} leads to {home.readlink()}, which is gone: remove the link to begin anew, without data"
        )
    if not home.exists():
        _make(home, account)
    _give(home, account)
    return home.resolve()


@contextmanager
def socket_directory(data_dir: Path, home: Path, account: Account | None) -> Iterator[Path]:
    """`home`, or if its name is too long or odd for a socket, another 0700 directory; `sockets` then leads to it.

    The link is not in `home`: what stands there is its owner's word, and no reason for root to remove anything.
    """
    if len(str(home)) <= _SOCKET_DIRECTORY_BYTES and _PLAIN_PATH.fullmatch(str(home)):
        yield home
        return
    link = data_dir / "sockets"
    _discard(link)  # a killed run leaves it behind
    link.symlink_to(tempfile.mkdtemp(prefix=_PRIVATE, dir=_SHORT))
    _give(link, account)
    try:
        yield link.readlink()
    finally:
        _discard(link)


def _make(home: Path, account: Account | None) -> None:
    if reaches(account, home.parent):
        home.mkdir(mode=0o700)
    else:
        home.symlink_to(tempfile.mkdtemp(prefix=_PRIVATE, dir=next(filter(os.path.isdir, _OF_SERVICES), "/var")))


def _give(directory: Path, account: Account | None) -> None:
    if account and directory.stat().st_uid == 0:
        os.chown(directory, account.user, account.group)


def _discard(link: Path) -> None:
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
        link.unlink()
