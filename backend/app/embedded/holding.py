"""One server at a time on a data directory, one PostgreSQL after another: two files and their locks."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

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
    except (FileNotFoundError, json.JSONDecodeError):  # the second: somebody writes it just now
        return {}
    return record


def write_record(record: TextIO, content: dict[str, object]) -> None:
    record.truncate(0)
    record.write(json.dumps(content))
    record.flush()


@contextmanager
def log_of_the_last_one(data_dir: Path) -> Iterator[TextIO]:
    """PostgreSQL's log, emptied, after the directory's last PostgreSQL has ended.

    One whose server was killed stops by itself within moments; every process of it inherited the log, and so its lock.
    """
    with (data_dir / "postgres.log").open("a+", encoding="utf-8", errors="replace") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.truncate(0)
        yield log


def _lock(record: TextIO, data_dir: Path) -> None:
    try:
        fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise EmbeddedError(_taken(data_dir)) from None


def _taken(data_dir: Path) -> str:
    holder = read_record(data_dir)
    where = f" at {holder['url']}" if holder.get("url") else ""
    return f"{data_dir} is in use by process {holder.get('pid', '?')}{where}: stop that one, or set DATA_DIR to another"
