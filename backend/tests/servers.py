"""Servers of any kind as processes, which a test may stop and start again at the same address."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from app.config import BACKEND

_START_SECONDS = 30

# For processes that have much to do: coverage is measured where less is asked, and there takes half as long again.
UNMEASURED = {"COVERAGE_PROCESS_CONFIG": ""}


class Server:
    """A program that serves on a free port of 127.0.0.1; `{port}` in its arguments and settings becomes that port."""

    def __init__(self, arguments: Sequence[Any], folder: Path, settings: Mapping[str, str]) -> None:
        self._port = free_port()
        self._arguments = [str(argument).format(port=self._port) for argument in arguments]
        given = {name: value.format(port=self._port) for name, value in settings.items()}
        self._environment = os.environ | UNMEASURED | given
        self._folder = folder
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Return once requests are answered: a port is taken before the database is there."""
        self._process = subprocess.Popen(
            self._arguments, cwd=self._folder, env=self._environment, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, f"{self._arguments} ended with {self._process.returncode}"
            assert time.monotonic() < deadline, f"{self._arguments} does not answer at {self.url}"
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(_START_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_START_SECONDS)
        with suppress(OSError, HTTPException), closing(connection):
            connection.request("GET", "/")
            return connection.getresponse().status > 0
        return False


def patients_api(dsn: str, **settings: str) -> Server:
    """This server, as an operator starts it."""
    fixed = {"DATABASE_URL": dsn, "HOST": "127.0.0.1", "PORT": "{port}", "LOG_LEVEL": "WARNING"}
    return Server([sys.executable, "-m", "app"], BACKEND, {**fixed, **settings})


def free_port() -> int:
    """A port that nobody has. From 32768 on Linux gives them to clients, one of which may come before the server."""
    while True:
        port = random.randrange(20_000, 32_768)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
