"""Where a terminal is not what a script talks to: sockets, full disks, readers that left, streams that are closed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import psycopg
import pytest

from app.config import BACKEND
from tests.servers import UNMEASURED

from .conftest import count, db, record, strict

Table = psycopg.Connection[Any]
MIGRATE, EXPORT = "scripts/migrate_db_json.py", "scripts/export_db_json.py"
FULL = "/dev/full"
CONTENT = db(record(1), record(2, age=0))


def run(dsn: str, *command: object, wrapped: str = 'exec "$@"', **how: Any) -> "subprocess.CompletedProcess[str]":
    """A script in `backend/`; the shell may redirect its streams."""
    return subprocess.run(
        ["/bin/sh", "-c", wrapped, "sh", sys.executable, *map(str, command)],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": dsn} | UNMEASURED | how.pop("environment", {}),
        check=False,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "db.json"
    path.write_text(CONTENT)
    return path


@pytest.fixture
def unread() -> IO[bytes]:
    """A pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return open(writer, "wb")


def test_a_socket_is_read_with_a_hyphen(database_url: str, table: Table) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(CONTENT.encode())
        ours.shutdown(socket.SHUT_WR)
        done = run(database_url, MIGRATE, "-", stdin=theirs)
    assert (done.returncode, done.stderr, count(table)) == (1, "", 1)


def test_standard_input_is_read_from_where_it_stands(database_url: str, table: Table, file: Path) -> None:
    file.write_text("a line for somebody else\n" + CONTENT)
    with file.open("rb", buffering=0) as stream:
        stream.readline()
        assert run(database_url, MIGRATE, "-", stdin=stream).returncode == 1
    assert count(table) == 1


@pytest.mark.parametrize("name", ["report", "rejects"])
def test_standard_input_is_never_overwritten(database_url: str, file: Path, name: str) -> None:
    with file.open() as stream:
        done = run(database_url, MIGRATE, "-", f"--{name}", file, stdin=stream)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is named twice" in done.stderr
    assert file.read_text() == CONTENT


def test_a_report_to_standard_output_goes_behind_what_is_there(database_url: str, file: Path) -> None:
    log = file.with_name("log")
    log.write_text("earlier\n")
    with log.open("a") as stream:
        run(database_url, MIGRATE, file, "--quiet", "--report", "/dev/stdout", stdout=stream)
    first, _, report = log.read_text().partition("\n")
    assert (first, strict(report)["exit_code"]) == ("earlier", 1)


@pytest.mark.parametrize("wrapped", ['exec "$@" >/dev/full', 'exec "$@" >&-', 'exec "$@" >/dev/full 2>&1'])
def test_a_summary_that_cannot_be_written_changes_no_exit_code(
    database_url: str, table: Table, file: Path, wrapped: str
) -> None:
    done = run(database_url, MIGRATE, file, wrapped=wrapped)
    assert (done.returncode, done.stdout, done.stderr, count(table)) == (1, "", "", 1)


def test_a_reader_that_left_changes_no_exit_code(
    database_url: str, table: Table, file: Path, unread: IO[bytes]
) -> None:
    with unread:
        done = run(database_url, MIGRATE, file, stdout=unread)
        refused = run(database_url, MIGRATE, file.with_name("absent"), stderr=unread)
    assert (done.returncode, done.stderr, count(table)) == (1, "", 1)
    assert (refused.returncode, refused.stdout) == (2, "")


def test_an_export_that_nobody_hears_of_is_one(database_url: str, file: Path, unread: IO[bytes]) -> None:
    with unread:
        assert run(database_url, EXPORT, file, stderr=unread).returncode == 0


@pytest.mark.parametrize(
    ("wrapped", "reason"),
    [('exec "$@" >&-', "Bad file descriptor"), ('exec "$@" >/dev/full', "No space left on device")],
)
def test_an_export_to_nowhere_is_one_sentence(database_url: str, wrapped: str, reason: str) -> None:
    done = run(database_url, EXPORT, "-", wrapped=wrapped)
    assert (done.returncode, done.stderr) == (2, f"/dev/stdout cannot be written: {reason}\n")


def test_a_report_goes_into_a_socket(database_url: str, file: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert run(database_url, MIGRATE, file, "--report", "-", stdout=theirs).returncode == 1
        assert strict(ours.recv(1 << 16, socket.MSG_WAITALL | socket.MSG_DONTWAIT).decode())["exit_code"] == 1


def test_a_report_to_nowhere_changes_nothing(database_url: str, table: Table, file: Path) -> None:
    closed, full = (run(database_url, MIGRATE, file, "--report=-", wrapped=f'exec "$@" >{to}') for to in ("&-", FULL))
    assert (closed.returncode, closed.stderr) == (2, "/dev/stdout cannot be written: Bad file descriptor\n")
    assert full.returncode == 3
    assert full.stderr == "The import failed. /dev/stdout cannot be written: No space left on device\n"
    assert count(table) == 0


@pytest.mark.parametrize("script", [MIGRATE, EXPORT])
def test_an_interruption_while_it_is_loading_is_no_traceback(database_url: str, tmp_path: Path, script: str) -> None:
    """The interruption comes from a module that is found in the place of one that both load."""
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = run(database_url, script, environment={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
