"""`sandbox`: a copy of the working tree to be used up; `clone`: one with a server on data of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.checkout import check_out
from tests.folders import open_folder
from tests.servers import UNMEASURED, Server


class Sandbox(NamedTuple):
    root: Path

    def bash(self, script: str) -> "subprocess.CompletedProcess[str]":
        """The script as a person in the top folder runs it."""
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.root,
            env=os.environ | UNMEASURED,
            check=False,
            capture_output=True,
            text=True,
        )


@contextmanager
def _copy() -> Iterator[Sandbox]:
    """What git knows or would take, and this environment as its `backend/.venv`."""
    with open_folder("docs") as root:
        check_out(root)
        (root / "backend" / ".venv").symlink_to(sys.prefix)
        yield Sandbox(root)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with _copy() as copy:
        yield copy


@pytest.fixture(scope="package")
def clone() -> Iterator[Callable[[str], str]]:
    """Runs a script in a copy that serves the seed; port 8000 in it is that server's. Returns its output."""
    with _copy() as copy:
        program = copy.root / "backend" / ".venv" / "bin" / "python"
        with Server(
            [program, "-m", "app"], copy.root / "backend", {"PORT": "{port}", "LOG_LEVEL": "WARNING"}
        ) as server:

            def run(script: str) -> str:
                there = script.replace("http://127.0.0.1:8000", server.url)
                done = copy.bash(there)
                assert done.returncode == 0, done.stdout + done.stderr
                return done.stdout

            yield run
