"""The three servers of a rehearsal, on ports of their own, with files of their own that are removed at the end."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from app.config import BACKEND
from app.cutover.leading import Whom
from app.development import upgrade
from app.embedded import postgres
from tests.servers import Server

_JSON_SERVER = BACKEND / "benchmarks/node_modules/json-server-0/lib/cli/bin.js"
_DB = BACKEND.parent / "db.json"


class Lacking(Exception):
    """Something is not installed; the text is one line that says what."""


class House(NamedTuple):
    old: Server
    new: Server
    cutover: Server
    whom: Whom
    """Whom the words of `python -m app cutover` are said to."""


@contextmanager
def house(quick: bool) -> Iterator[House]:
    """All three, in stage `old`, until the block ends. Raises `Lacking`, `EmbeddedError`, and `AssertionError` where
    one does not answer."""
    node = _node()
    with TemporaryDirectory(prefix="cutover-demo-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # when root rehearses, PostgreSQL's user must get in
        with postgres(folder / "data", durable=False) as dsn:
            upgrade(dsn)
            with (
                running(_json_server(node, folder / "old")) as old,
                running(_ours(dsn)) as new,
                running(_cutover(folder / "state", dsn, old, new, quick)) as cutover,
            ):
                yield House(old, new, cutover, Whom(folder / "state", None))


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """It answers; and it is stopped also where it never came to that."""
    server.launch()
    try:
        yield server.started()
    finally:
        server.stop()


def _node() -> str:
    node = shutil.which("node")
    if node is None or not _JSON_SERVER.exists():
        raise Lacking("json-server needs Node 18 or newer with npm; with both `make cutover-demo` installs it")
    return node


def _json_server(node: str, folder: Path) -> Server:
    folder.mkdir()
    shutil.copyfile(_DB, folder / "db.json")
    return Server.json_server(_JSON_SERVER, folder / "db.json", "--quiet", node=node)


def _ours(dsn: str) -> Server:
    """Whatever `backend/.env` says of a server that is meant to stay."""
    return Server.ours(
        dsn, environment="development", access="open", workers=1, base_path="", json_server_dialect="0.17"
    )


def _cutover(state: Path, dsn: str, old: Server, new: Server, quick: bool) -> Server:
    state.mkdir(mode=0o700)
    (state / "flags.json").write_text(json.dumps({"enough": 5 if quick else 50}))
    command = [sys.executable, "-m", "app", "cutover", "--old", old.url, "--new", new.url, "--timeout", 2]
    where = ["--port", "{port}", "--admin-port", 0, "--state", state]
    return Server([*command, *where], BACKEND, {"DATABASE_URL": dsn, "LOG_LEVEL": "WARNING"})
