"""Whoever reads the log may stand still: that costs lines, which are counted, and nothing else."""

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO

import pytest

from app.logs.writer import WAITING
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import ask, connect, read_all
from tests.servers import Server

LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = LIVE.replace(b"a\r\n", b"a\r\nConnection: close\r\n")
MANY = WAITING + 5_000  # lines; the pipe takes fewer than two thousand


class Piped(Server):
    """A server whose log goes into a pipe, or where `stderr` leads."""

    @property
    def log(self) -> IO[bytes]:
        assert self.process.stderr
        return self.process.stderr

    def read_until(self, text: bytes) -> list[bytes]:
        lines = [self.log.readline()]
        while text not in lines[-1]:
            assert lines[-1], "the log ended"
            lines.append(self.log.readline())
        return lines

    def ask_often(self, times: int) -> int:
        """How many of so many requests were answered."""
        with connect(self.port) as line:
            line.sendall(LIVE * (times - 1) + LAST)
            return read_all(line).count(b"HTTP/1.1 200 ")


@contextmanager
def piping(dsn: str, stderr: int = subprocess.PIPE, **settings: object) -> Iterator[Piped]:
    chosen: dict[str, object] = {"environment": "production", "access": "open", "log_level": "INFO"} | settings
    server = Piped.ours(dsn, **chosen).launch(stderr=stderr)
    with server.process:
        if stderr == subprocess.PIPE:
            server.read_until(b"serving on")
        yield server
        server.process.kill()


@pytest.fixture
def piped(postgres: Postgres) -> Iterator[Piped]:
    with piping(postgres.dsn) as server:
        yield server


def test_a_reader_that_stands_still_costs_lines_and_they_are_counted(piped: Piped) -> None:
    assert piped.ask_often(MANY) == MANY
    assert ask(piped.port, "GET", "/health").status == 200
    lines = piped.read_until(b"were lost")
    lost = int(re.findall(rb"(\d+) lines of the log were lost", lines[-1])[0])
    assert len(lines) - 1 + lost == MANY + 1
    assert lost > 1000
    assert piped.ask_often(10) == 10
    assert len(piped.read_until(b"/health/live")) == 1


def test_sigterm_ends_it_while_nobody_reads(piped: Piped) -> None:
    assert piped.ask_often(MANY) == MANY
    piped.process.terminate()
    assert piped.process.wait(10) == 0


def test_a_stop_loses_no_line_that_is_read(piped: Piped) -> None:
    piped.ask_often(400)
    piped.process.terminate()
    assert piped.process.wait(10) == 0
    assert piped.log.read().count(b"GET /health/live 200") == 400


def test_a_kill_loses_at_most_the_lines_of_the_last_turn(piped: Piped) -> None:
    piped.ask_often(400)
    assert ask(piped.port, "GET", "/health/live").status == 200
    piped.process.kill()
    assert piped.log.read().count(b"GET /health/live 200") >= 400


def test_a_fault_that_repeats_itself_is_logged_once_a_second(postgres: Postgres) -> None:
    """Each of many requests waits in vain for a lock."""
    postgres.fill(1)
    with piping(postgres.dsn, db_deadline=0.3) as piped, ThreadPoolExecutor(8) as clients:
        with postgres.connect() as session:
            session.execute("BEGIN; LOCK TABLE patients")
            paths = [f"/patients?age={number}" for number in range(60)]
            answers = list(clients.map(lambda path: ask(piped.port, "GET", path), paths))
        assert {answer.status for answer in answers} == {503}
        piped.process.terminate()
        faults = [line for line in piped.log.read().splitlines() if b" a statement failed: " in line]
    more = [int(number) for line in faults for number in re.findall(rb"\((\d+) more\)", line)]
    assert sum(more) + sum(b" more)" not in line for line in faults) == 60
    assert max(more) > 5
    assert len(faults) < 20


def test_a_log_that_is_a_terminal_is_written_too(postgres: Postgres) -> None:
    master, terminal = os.openpty()
    with open(master, "rb", buffering=0) as reader, piping(postgres.dsn, stderr=terminal) as server:
        os.close(terminal)
        said = b""
        while b"serving on" not in said:
            said += reader.read(4096) or b""
        assert ask(server.port, "GET", "/health/live").status == 200
        while b"GET /health/live 200" not in said:
            said += reader.read(4096) or b""
