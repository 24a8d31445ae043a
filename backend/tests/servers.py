"""Servers of any kind as processes, which a test starts, stops, kills and starts again at the same address."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Self

from app.config import BACKEND

PATIENCE = 60.0  # seconds for what takes one or two on a quiet machine

# For processes that have much to do: coverage is measured where less is asked, and there takes half as long again.
UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}


class Server:
    """A program that serves at `port` of 127.0.0.1; `{port}` in its arguments and settings becomes that number.

    `said` is all it has written so far. As a context it runs and answers.
    """

    process: "subprocess.Popen[bytes]"

    def __init__(self, arguments: Sequence[Any], folder: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self._arguments = [self._at_port(argument) for argument in arguments]
        self._environment = self.surroundings() | {name: self._at_port(value) for name, value in settings.items()}
        self._folder = folder
        self._log = NamedTemporaryFile(prefix="server-")  # noqa: SIM115 it is closed with what it is the log of
        weakref.finalize(self, self._log.close)

    @classmethod
    def ours(cls, dsn: str, *flags: str, **settings: object) -> Self:
        """This server, as an operator starts it; settings by keyword, `db_deadline=1`."""
        fixed = {"database_url": dsn, "host": "127.0.0.1", "port": "{port}", "log_level": "WARNING"}
        given = {name.upper(): str(value) for name, value in (fixed | settings).items()}
        return cls([sys.executable, "-m", "app", *flags], BACKEND, given)

    @classmethod
    def json_server(cls, program: Path, file: Path, *flags: str, node: str | Path = "node") -> Self:
        """A json-server from npm on a db.json.

        NODE_ENV=production keeps the betas from watching their own file: the watcher drops acknowledged writes. They
        then want a folder named public.
        """
        (file.parent / "public").mkdir(exist_ok=True)
        arguments = [node, program, file.name, "--host", "127.0.0.1", "--port", "{port}", *flags]
        return cls(arguments, file.parent, {"NODE_ENV": "production"})

    @staticmethod
    def surroundings() -> dict[str, str]:
        """The environment that its settings stand in."""
        return os.environ | UNMEASURED

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def launch(self, **options: Any) -> Self:
        """Start it, and return at once. `options` are Popen's."""
        given: dict[str, Any] = {"stdout": self._log, "stderr": subprocess.STDOUT} | options
        self.process = subprocess.Popen(self._arguments, cwd=self._folder, env=self._environment, **given)
        return self

    def started(self) -> Self:
        """Return once requests are answered: a port is taken before the database is there."""
        wait_until(self.ready, PATIENCE, f"{self._arguments} answers")
        return self

    def start(self) -> Self:
        return self.launch().started()

    def ready(self) -> bool:
        assert self.running(), f"{self._arguments} ended with {self.process.returncode}: {self.said[-2000:]}"
        return self.status("/health/live") > 0

    def status(self, path: str) -> int:
        """What a GET is answered; 0 for nothing."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with suppress(OSError, HTTPException), closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status
        return 0

    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE / 2)

    def rss(self) -> float:
        """Resident memory in MiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _at_port(self, text: object) -> str:
        return str(text).replace("{port}", str(self.port))


class Measured(Server):
    """One whose coverage is measured, with that of the processes that it starts."""

    @staticmethod
    def surroundings() -> dict[str, str]:
        return dict(os.environ)


def wait_until(true: Callable[[], Any], seconds: float, what: str = "what is waited for") -> float:
    """Seconds it took. Fails when it takes longer."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < seconds, f"{what}: not within {seconds} s"
        time.sleep(0.01)
    return time.monotonic() - begin


def free_port() -> int:
    """A port that nobody has. From 32768 on Linux gives them to clients, one of which may come before the server."""
    while True:
        port = random.randrange(20_000, 32_768)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
