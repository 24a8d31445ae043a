"""A crew of any program: who has ended is followed by another, later and later where that is of no use."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import BACKEND
from tests.servers import wait_until

SECONDS = 30.0  # for what takes one on a quiet machine

_PARENT = """
import asyncio, logging, sys
from app.server.workers import Crew
logging.basicConfig(level="INFO", format="%(message)s")
crew = Crew(sys.argv[2:], {}, [], 0, lambda _: None)
sys.exit(asyncio.run(crew.work(int(sys.argv[1]), lambda: logging.info("all answer"))))
"""
_ANSWERS = """#!{python}
import os, sys, time
{begin}
number, line = sys.argv[1].split(",")[:2]
os.write(int(line), b"+")
print("worker", number, "is", open("version").read(), flush=True)
time.sleep(1000)
"""


class Parent:
    """Of so many processes of this program, in a folder of its own."""

    def __init__(self, folder: Path, count: int, begin: str = "") -> None:
        self.program, self.version, self._log = folder / "program", folder / "version", folder / "log"
        self._begin = begin
        self.install()
        self.version.write_text("first")
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PARENT, str(count), self.program],
                cwd=folder,
                env={"PYTHONPATH": str(BACKEND)},
                stdout=log,
                stderr=log,
            )

    def install(self) -> None:
        self.program.write_text(_ANSWERS.format(python=sys.executable, begin=self._begin))
        self.program.chmod(0o755)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def says(self, *lines: str) -> None:
        """In this order, sooner or later."""
        wait_until(lambda: re.search(".*".join(map(re.escape, lines)), self.said, re.DOTALL), SECONDS, self.said)


Crew = Callable[..., Parent]


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    started: list[Parent] = []

    def start(count: int, begin: str = "") -> Parent:
        started.append(Parent(tmp_path, count, begin))
        return started[-1]

    yield start
    for parent in started:
        parent.process.terminate()
        try:
            assert parent.process.wait(SECONDS) == 0
        finally:
            parent.process.kill()


def test_who_dies_before_it_answers_is_followed_later_and_later(crew: Crew) -> None:
    """However long its start has taken: with half of a processor that is more than a second."""
    parent = crew(1, "time.sleep(1.1); os.kill(os.getpid(), 9)")
    parent.says(*(f"worker 1 has ended (-9): another is started in {pause} s" for pause in (0.1, 0.3, 0.7)))


def test_who_has_answered_for_long_is_followed_at_once(crew: Crew) -> None:
    parent = crew(1, "import threading; threading.Timer(1.5, os.kill, [os.getpid(), 9]).start()")
    parent.says(*["worker 1 has ended (-9): another is started in 0.0 s"] * 2)


def test_a_system_that_lets_no_process_begin_is_asked_again(crew: Crew) -> None:
    parent = crew(1, "time.sleep(0.3); import signal; signal.alarm(2)")
    parent.says("all answer")
    parent.program.unlink()
    parent.says("worker 1 cannot be started (No such file or directory): tried again in 0.1 s", "tried again in 0.3 s")
    parent.process.send_signal(signal.SIGHUP)
    parent.says("a new worker 1 did not start: the old ones go on")
    parent.version.write_text("second")
    parent.install()
    parent.says("worker 1 is second")


def test_who_asks_for_others_twice_gets_them_as_of_the_second_time(crew: Crew) -> None:
    parent = crew(2)
    parent.says("all answer")
    parent.process.send_signal(signal.SIGHUP)
    parent.says("all answer", "worker 1 is first")
    parent.version.write_text("second")
    parent.process.send_signal(signal.SIGHUP)
    parent.says("worker 1 is second", "worker 2 is second")


def test_who_does_not_stop_is_ended(crew: Crew) -> None:
    """Five seconds beside those that requests have: here none."""
    parent = crew(1, "import signal; signal.signal(15, signal.SIG_IGN if 'first' in open('version').read() else 0)")
    parent.says("all answer")
    parent.version.write_text("second")
    parent.process.send_signal(signal.SIGHUP)
    parent.says("worker 1 is second", "worker 1 is replaced")
