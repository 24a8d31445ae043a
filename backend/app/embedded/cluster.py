"""The cluster's life: made once, started under a guard, ready when a connection works, stopped with us."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib.parse import quote

import psycopg
from psycopg.pq import PGconn, Ping

from app import DATABASE, libpq
from app.embedded.admission import admit_us
from app.embedded.binaries import Account, Binaries, child, find
from app.embedded.errors import EmbeddedError
from app.embedded.guarded import Guarded
from app.embedded.holding import held, interrupt, log_of_the_last_one, read_record, write_record
from app.embedded.places import PORT, account_for, home_in, socket_directory

# Which locales a system has differs. Ours names a collation wherever one matters, so C will do; from PostgreSQL 17 on
# the default knows every alphabet too.
_BUILTIN_LOCALE = 17
_EVERY_ALPHABET = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")

# Nothing of a record in the log: no failed statement, no DETAIL (it repeats rows), no ERROR (it repeats values).
_OPTIONS = {
    "listen_addresses": "",
    "port": str(PORT),
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_TELLING = 3  # lines
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class _Site(NamedTuple):
    """What it takes to run programs on a cluster."""

    home: Path
    account: Account | None
    binaries: Binaries
    log: TextIO
    durable: bool


@contextmanager
def postgres(data_dir: Path, *, durable: bool = True, url: str = "") -> Iterator[str]:
    """Run PostgreSQL on the cluster in `data_dir` (made if absent) until the block ends or this process dies.

    Gives the DSN; there is no secret in it. `durable=False` is for tests: nothing survives a power cut. `url` is what
    others are told who want the same directory. Raises `EmbeddedError`.
    """
    with ExitStack() as stack:
        try:
            dsn = _start(stack, data_dir.absolute(), durable, url)
        except (OSError, psycopg.Error) as error:
            raise EmbeddedError(f"PostgreSQL cannot run in {data_dir}: {_one_line(str(error))}") from error
        yield dsn


def running(data_dir: Path) -> str | None:
    """The DSN of the PostgreSQL that serves from this data directory now, or None."""
    dsn = read_record(data_dir).get("dsn")
    return dsn if dsn and PGconn.ping(dsn.encode()) == Ping.OK else None


@contextmanager
def available(data_dir: Path) -> Iterator[str]:
    """The DSN of the data directory's PostgreSQL: of the one that runs already, else of one started for this block.

    Raises `EmbeddedError`.
    """
    if dsn := running(data_dir):
        yield dsn
        return
    with postgres(data_dir) as started:
        yield started


def _start(stack: ExitStack, data_dir: Path, durable: bool, url: str) -> str:
    data_dir.mkdir(parents=True, exist_ok=True)
    record = stack.enter_context(held(data_dir, url))
    log = stack.enter_context(log_of_the_last_one(data_dir))
    account = account_for(data_dir)
    home = home_in(data_dir, account)
    site = _Site(home, account, find(home, account), log, durable)
    if not (home / "data").exists():
        _initialise(site)
    sockets = stack.enter_context(socket_directory(data_dir, home, account))
    _await_ready(stack.enter_context(_postmaster(site, data_dir, sockets)), sockets, log)
    _ensure_database(sockets)
    dsn = _dsn(sockets, DATABASE)
    write_record(record, {"pid": os.getpid(), "url": url, "dsn": dsn})
    return dsn


def _initialise(site: _Site) -> None:
    """A new cluster. It gets its name only when whole, so a killed attempt is simply repeated."""
    fresh = site.home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    command: list[Path | str] = [site.binaries.folder / "initdb", "-D", fresh, "-U", DATABASE, "-A", "reject"]
    command += ["-E", "UTF8", "--locale=C", *(_EVERY_ALPHABET if site.binaries.major >= _BUILTIN_LOCALE else ())]
    command += [] if site.durable else ["--no-sync"]
    made = subprocess.run(command, check=False, stdout=site.log, stderr=site.log, **child(site.account))
    if made.returncode != 0:
        raise EmbeddedError(f"PostgreSQL cannot make a cluster in {site.home}: {_reason(site.log)}")
    fresh.rename(site.home / "data")
    _sync(site.home)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _postmaster(site: _Site, data_dir: Path, sockets: Path) -> Iterator[Guarded]:
    """The guard of a PostgreSQL that was started; the block's end returns when no process of that is left."""
    options = {**_OPTIONS, **admit_us(site.home, DATABASE), "unix_socket_directories": str(sockets)}
    options |= {} if site.durable else _FORGETFUL
    command: list[Path | str] = [site.binaries.folder / "postgres", "-D", site.home / "data"]
    command += [f"--{name}={value}" for name, value in options.items()]
    with Guarded(command, site.account, site.log) as guard:
        try:
            yield guard
        finally:
            _stop(guard, data_dir)


def _stop(guard: Guarded, data_dir: Path) -> None:
    guard.stdin.close()
    while not guard.ended():
        if guard.poll() is not None:  # it was killed, and asks nobody to stop
            interrupt(data_dir)


def _await_ready(guard: Guarded, sockets: Path, log: TextIO) -> None:
    """Return once connections work. Recovery after a crash takes as long as it takes."""
    dsn = _dsn(sockets, "postgres").encode()
    while PGconn.ping(dsn) != Ping.OK:
        if guard.ended():
            raise EmbeddedError(f"PostgreSQL did not start: {_reason(log)}")


def _ensure_database(sockets: Path) -> None:
    with libpq.connect(_dsn(sockets, "postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _dsn(sockets: Path, database: str) -> str:
    return f"postgresql://{DATABASE}@/{database}?host={quote(str(sockets), safe='')}&port={PORT}"


def _reason(log: TextIO) -> str:
    """The end of PostgreSQL's log, as one line."""
    log.seek(0)
    lines = [line for line in log.read().splitlines() if line.strip()]
    return _one_line(" ".join(lines[-_TELLING:])) or "it left no message"


def _one_line(text: str) -> str:
    return " ".join(text.split())
