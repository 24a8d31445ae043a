"""One server at a time on a data directory, one PostgreSQL after another: two files and their locks."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from app.embedded.errors import EmbeddedError


@contextmanager
def held(data_dir: Path, url: str) -> Iterator[TextIO]:
    """The directory's record, locked until the block or this process ends.

    Raises `EmbeddedError`, naming the holder, when another process has it.
    """
    with (data_dir / "running.json").open("a") as record:
        _lock(record, data_dir)
        write_record(record, {"pid": os.getpid(), "url": url})
        yield record


def ensure_free(data_dir: Path) -> None:
    """Raise `EmbeddedError`, naming the holder, when a server has the directory. Makes nothing."""
    try:
        with (data_dir / "running.json").open() as record:
            _lock(record, data_dir)
    except OSError:  # absent, or nothing we may read: what that means is said when it is used
        return


def read_record(data_dir: Path) -> dict[str, str]:
    """Who served from here last: `pid`, `url` and, once it was ready, `dsn`. Empty if nobody ever did."""
    try:
        record: dict[str, str] = json.loads((data_dir / "running.json").read_bytes())
    except (FileNotFoundError, ValueError):  # the second: somebody writes it just now
        return {}
    return record


def write_record(record: TextIO, content: dict[str, object]) -> None:
    record.truncate(0)
    record.write(json.dumps(content))
    record.flush()


@contextmanager
def log_of_the_last_one(data_dir: Path) -> Iterator[TextIO]:
    """PostgreSQL's log, emptied, after the directory's last PostgreSQL has ended.

    One whose server was killed stops within moments, or here; every process of it inherited the log, and so its lock.
    """
    with (data_dir / "postgres.log").open("a+", encoding="utf-8", errors="replace") as log:
        while not _taken(log):
            interrupt(data_dir)
            time.sleep(0.02)
        log.truncate(0)
        yield log


def interrupt(data_dir: Path) -> None:
    """Ask the directory's PostgreSQL to stop, whether or not its guard lives: "fast shutdown" (PostgreSQL 18.5).

    The process id in postmaster.pid (PostgreSQL, "Database File Layout") is believed only while a postmaster answers at
    the socket named there: else it may be another process's by now.
    """
    with suppress(FileNotFoundError, ValueError, ProcessLookupError):  # it is not there yet, or no more
        written = (data_dir / "pg" / "data" / "postmaster.pid").read_text().splitlines()
        pid, _, _, port, sockets, *_ = written
        if PGconn.ping(_conninfo(sockets, port)) in {Ping.OK, Ping.REJECT}:
            os.kill(int(pid), signal.SIGINT)


def _conninfo(sockets: str, port: str) -> bytes:
    return make_conninfo(host=sockets, port=port, user="postgres", connect_timeout=2).encode()


def _lock(record: TextIO, data_dir: Path) -> None:
    if not _taken(record):
        raise EmbeddedError(_holder(data_dir))


def _taken(file: TextIO) -> bool:
    """Whether its lock is ours now. It is the open file's, not the process's: who inherits the file has it too."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(data_dir: Path) -> str:
    holder = read_record(data_dir)
    where = f" at {holder['url']}" if holder.get("url") else ""
    return f"{data_dir} is in use by process {holder.get('pid', '?')}{where}: stop that one, or set DATA_DIR to another"
