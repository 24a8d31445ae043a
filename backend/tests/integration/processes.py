"""The real server as a real process, and what is left of it afterwards."""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import httpx2

from app.config import BACKEND
from tests import servers
from tests.patients import patient

PATIENT = patient(patientID="T-1", name="Ada Test")

_FAST = {"PYTHONDONTWRITEBYTECODE": ""}  # else each start compiles everything anew
_SERVER = ("-m", "app")
_STARTED = re.compile(r"(?:started|serving|running) on (http://[^\s,]+)")


class Server(servers.Server):
    """`python -m app`, which says itself where it serves."""

    def __init__(self, arguments: Sequence[object], settings: Mapping[str, object]) -> None:
        given = {"PORT": "0", "SEED_FILE": ""} | {name: str(value) for name, value in settings.items()}
        super().__init__(arguments, BACKEND, given)
        self.http = httpx2.Client(timeout=20)

    @staticmethod
    def surroundings() -> dict[str, str]:
        return os.environ | _FAST

    @property
    def url(self) -> str:
        found = _STARTED.search(self.said)
        assert found, self.said
        return found[1]

    def ready(self) -> bool:
        return bool(_STARTED.search(self.said)) or not self.running()

    def started(self) -> Self:
        super().started()
        self.http.base_url = httpx2.URL(self.url)
        return self

    def patients(self) -> list[str]:
        return [patient["patientID"] for patient in self.http.get("/patients").json()]


@contextmanager
def launched(
    arguments: tuple[str, ...] = (), command: tuple[str, ...] = _SERVER, /, **settings: object
) -> Iterator[Server]:
    """The process with these settings, stopped at the end if it still runs.

    `arguments` stand before Python: another program that runs it. `command` is Python's to run.
    """
    server = Server([*arguments, sys.executable, *command], settings).launch()
    try:
        yield server
    finally:
        server.http.close()
        server.stop()


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
