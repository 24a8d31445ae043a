"""A running server with the patients of db.json, and what makes clients from its description."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from app.config import BACKEND
from tests.contract.servers import fitting_node
from tests.npm import installed
from tests.servers import Server

FOLDER = Path(__file__).resolve().parent
PATIENTS = json.loads((BACKEND.parent / "db.json").read_text())["patients"]
PYTHON_CLIENT = "patients-api-client"  # the folder that openapi-python-client makes
_LOCK = FOLDER / "requirements.txt"
_ENVIRONMENT = FOLDER / ".venv"
_FOUND = dict.fromkeys(("PYTHONPATH", "MYPYPATH"), PYTHON_CLIENT)
_PATIENCE = 240  # seconds; a quiet machine takes ten


class Workspace(NamedTuple):
    """A folder as somebody has it who makes a client: with the tools' packages, and programs of ours."""

    folder: Path
    server: Server
    node: Path

    def write(self, name: str, text: str) -> Path:
        """The address of the pages becomes that of the server."""
        (file := self.folder / name).write_text(text.replace("http://127.0.0.1:8000", self.server.url))
        return file

    def run(self, command: Sequence[str | Path]) -> str:
        """What it says. It must end well."""
        places = (self.node.parent, self.folder / "node_modules/.bin", _ENVIRONMENT / "bin", os.environ["PATH"])
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | {"PATH": os.pathsep.join(map(str, places)), "NO_COLOR": "1"} | _FOUND,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def compiled(self, *names: str) -> None:
        """The TypeScript programs, with all that they import: `tsc --strict`, into `made/`."""
        config = json.loads((FOLDER / "tsconfig.json").read_text())
        (self.folder / "tsconfig.json").write_text(json.dumps(config | {"files": names}))
        self.run(["tsc", "--project", "tsconfig.json"])

    def typed(self, *names: str) -> None:
        """The Python programs, with all that they import."""
        cache, own = f"--cache-dir={FOLDER / '.mypy_cache'}", f"--python-executable={_ENVIRONMENT / 'bin/python'}"
        self.run([sys.executable, "-m", "mypy", "--strict", "--config-file=", cache, own, *names])

    def python(self, name: str) -> str:
        return self.run([_ENVIRONMENT / "bin/python", name])


@pytest.fixture(scope="module")
def server(module_database: str) -> Iterator[Server]:
    with Server.ours(module_database) as running:
        for patient in PATIENTS:
            httpx2.post(f"{running.url}/patients", json=patient).raise_for_status()
        yield running


@pytest.fixture(scope="module")
def workspace(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    node = fitting_node()
    _install()
    folder = tmp_path_factory.mktemp("client")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "node_modules").symlink_to(installed(FOLDER))
    return Workspace(folder, server, node)


def _install() -> None:
    """openapi-python-client in an environment of its own, as the lock has it."""
    stamp = _ENVIRONMENT / "lock.txt"
    if stamp.exists() and stamp.read_bytes() == _LOCK.read_bytes():
        return
    venv.create(_ENVIRONMENT, clear=True)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        f"--python={_ENVIRONMENT / 'bin/python'}",
    ]
    how = ["--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([*pip, "install", *how, "--requirement", _LOCK], check=True, timeout=_PATIENCE)
    stamp.write_bytes(_LOCK.read_bytes())
