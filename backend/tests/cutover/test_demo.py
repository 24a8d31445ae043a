"""`make cutover-demo`, in its short form: it ends by itself or by Ctrl-C, and nothing of it is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.config import BACKEND
from tests.commands import ran
from tests.folders import open_folder
from tests.npm import installed
from tests.servers import PATIENCE, wait_until


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the temporary files go."""
    with open_folder("demo") as folder:
        yield folder


@contextmanager
def rehearsal(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """In a session of its own: what is alive of it in the end is found, and ended."""
    installed(BACKEND / "benchmarks")
    command = [sys.executable, "-m", "rehearsing", "--quick"]
    environment = os.environ | {"TMPDIR": str(folder)}
    with subprocess.Popen(
        command,
        cwd=BACKEND,
        env=environment,
        text=True,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def alive(session: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(session, 0)
        return True
    return False


def nothing_is_left(process: "subprocess.Popen[str]", folder: Path) -> None:
    wait_until(lambda: not alive(process.pid), 5, "all of it has ended")
    assert list(folder.iterdir()) == []


def test_it_walks_all_stages_falls_back_once_and_ends(folder: Path) -> None:
    with rehearsal(folder) as process:
        said, errors = process.communicate(timeout=2 * PATIENCE)
        assert (process.returncode, errors) == (0, ""), said
        nothing_is_left(process, folder)
    stages = [line.split()[-1] for line in said.splitlines() if " cutover stage " in line and "share" not in line]
    assert stages == ["old", "copy", "new", "done"]
    assert said.count("cutover stage ramp --share") == 2
    assert said.count("fell back: ") == 1
    assert "Both sides are equal, in order." in said
    assert "0 were none or a 5xx" in said
    assert "It fell back once by itself." in said


@pytest.mark.parametrize("after", ["this server (new)", "cutover stage copy", "is killed"])
def test_an_interruption_ends_all(folder: Path, after: str) -> None:
    with rehearsal(folder) as process:
        assert process.stdout
        assert any(after in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert errors == "Interrupted; all is stopped, and its files are gone.\n"
        nothing_is_left(process, folder)


def test_without_node_one_line_says_so(folder: Path) -> None:
    done = ran("-m", "rehearsing", "--quick", PATH=str(folder))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "Node 18" in done.stderr
