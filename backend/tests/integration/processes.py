"""The real server as a real process, and what is left of it afterwards."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from app.config import BACKEND
from tests.patients import patient

PATIENT = patient(patientID="T-1", name="Ada Test")

_FAST = {"PYTHONDONTWRITEBYTECODE": ""}  # else each start compiles everything anew
_SERVER = ("-m", "app")
_STARTED = re.compile(r"(?:started|serving|running) on (http://[^\s,]+)")


class Server:
    """`python -m app`, started. `said` is all it has written so far, `url` where it serves."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path) -> None:
        self.process = process
        self._output = output
        self.http = httpx2.Client(timeout=20)

    @property
    def said(self) -> str:
        return self._output.read_text()

    @property
    def url(self) -> str:
        found = _STARTED.search(self.said)
        assert found, self.said
        return found[1]

    def started(self) -> "Server":
        wait_until(lambda: _STARTED.search(self.said) or self.process.poll() is not None, 60)
        self.http.base_url = httpx2.URL(self.url)
        return self

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(30)

    def patients(self) -> list[str]:
        return [patient["patientID"] for patient in self.http.get("/patients").json()]


@contextmanager
def launched(
    arguments: tuple[str, ...] = (), command: tuple[str, ...] = _SERVER, /, **settings: object
) -> Iterator[Server]:
    """The process with these settings, stopped at the end if it still runs.

    `arguments` stand before Python: another program that runs it. `command` is Python's to run.
    """
    given = {"PORT": "0", "SEED_FILE": ""} | {name: str(value) for name, value in settings.items()}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        with output.open("wb") as stream:
            process = subprocess.Popen(
                [*arguments, sys.executable, *command],
                cwd=BACKEND,
                env=os.environ | _FAST | given,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        server = Server(process, output)
        try:
            yield server
        finally:
            server.http.close()
            process.terminate()
            process.wait(30)


@contextmanager
def serving(
    arguments: tuple[str, ...] = (), command: tuple[str, ...] = _SERVER, /, **settings: object
) -> Iterator[Server]:
    """As `launched`, once it answers."""
    with launched(arguments, command, **settings) as server:
        yield server.started()


def refusal(arguments: tuple[str, ...] = (), /, **settings: object) -> str:
    """The one line of a start that cannot be."""
    with launched(arguments, **settings) as server:
        assert server.process.wait(30) == 2, server.said
        assert server.said.count("\n") == 1, server.said
        return server.said.removeprefix("Patients API did not start. ").strip()


def postgres_processes(data_dir: Path) -> list[int]:
    """Every process of a PostgreSQL on this data directory; each has the cluster as its working directory."""
    cluster = (data_dir / "pg").resolve() / "data"
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _directory_of(entry) == cluster]


def guard_of(data_dir: Path) -> int:
    """The parent of the data directory's postmaster."""
    postmaster = (data_dir / "pg" / "data" / "postmaster.pid").read_text().split()[0]
    return int(Path("/proc", postmaster, "stat").read_text().rpartition(")")[2].split()[1])


def _directory_of(entry: Path) -> Path | None:
    try:
        return (entry / "cwd").readlink()
    except OSError:  # it ended meanwhile, or is another user's
        return None


def wait_until(condition: Callable[[], Any], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
