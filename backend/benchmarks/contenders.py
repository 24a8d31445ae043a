"""Who is asked: the servers, each a process of its own on a free port, ended with the block that started it."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.config import BACKEND
from benchmarks.scenarios import TWICE, UNRECORDED

HERE = Path(__file__).resolve().parent
_PATIENCE = 60.0  # seconds; a json-server with a large file takes a while


class World(NamedTuple):
    """What a server needs to know of this run."""

    folder: Path  # for logs and for files a server may write
    dsn: str
    unrecorded: str  # the DSN of the same without the journal
    db_json: Path  # to be copied: json-server writes it
    answers: Path  # what the HTTP limit sends


class Server(NamedTuple):
    name: str
    port: int
    pid: int
    seconds: float  # from the start of the process to its first answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> float:
        """Resident MiB of the process at its peak (proc(5)); of several, those of the first alone."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(row.split()[1]) for row in status.splitlines() if row.startswith("VmHWM")) / 1024


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _json_server(program: str, world: World, port: int, *options: str) -> list[str]:
    own = world.folder / f"{program}.json"
    own.write_bytes(world.db_json.read_bytes())
    script = next(p for p in (HERE / "node_modules" / program / "lib").rglob("bin.js"))
    return ["node", str(script), str(own), "--port", str(port), *options]


def _command(name: str, world: World, port: int) -> list[str]:
    commands = {
        **dict.fromkeys(("ours", UNRECORDED, TWICE[0]), lambda: _python("app")),
        "json-server 0.17": lambda: _json_server("json-server-0", world, port, "--quiet", "--host", "127.0.0.1"),
        "json-server 1": lambda: _json_server("json-server-1", world, port, "--host", "127.0.0.1"),
        "fastify": lambda: ["node", str(HERE / "node" / "fastify.js")],
        TWICE[1]: lambda: ["node", str(HERE / "node" / "twice.js")],
        "http limit": lambda: _python(
            *("uvicorn", "--factory", "benchmarks.limits:from_memory", "--port", str(port)),
            *("--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "warning"),
        ),
    }
    return commands[name]()


@contextmanager
def running(name: str, world: World, path: str) -> Iterator[Server]:
    """The server, once it answers GET `path` with 200."""
    port, begin = _free_port(), time.perf_counter()
    with (world.folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            _command(name, world, port), cwd=BACKEND, env=_environment(name, world, port), stdout=log, stderr=log
        )
        try:
            _await(process, port, path, world.folder / f"{name}.log")
            yield Server(name, port, process.pid, time.perf_counter() - begin)
        finally:
            _end(process)


def _environment(name: str, world: World, port: int) -> Mapping[str, str]:
    own = {
        "DATABASE_URL": world.unrecorded if name == UNRECORDED else world.dsn,
        "PORT": str(port),
        "ENVIRONMENT": "production",
        "ACCESS": "open",
        "ANSWERS": str(world.answers),
        "WORKERS": "2" if name in TWICE else "1",
    }
    return {**os.environ, **own}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: "subprocess.Popen[bytes]", port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _answers(port, path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{process.args!r} does not answer. Its last words: {log.read_text()[-2000:]}")
        time.sleep(0.005)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
