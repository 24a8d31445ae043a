"""What clients see while the database is away, and after."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.integration.faults.wire import Answer, ask
from tests.servers import Server, wait_until

QUESTIONS = ("/patients?_limit=1", "/patients/x", "/health")
RECOVERY_SECONDS = 5.0


class Probes(NamedTuple):
    """Answers to `QUESTIONS`: `down` asked and answered while the database was away, `late` answered after its return,
    `up` asked after the first success; `recovered`: seconds until that one."""

    down: list[tuple[str, Answer]]
    late: list[tuple[str, Answer]]
    up: list[tuple[str, Answer]]
    recovered: list[float]


@contextmanager
def probed(server: Server, down: Callable[[], object], up: Callable[[], object]) -> Iterator[Probes]:
    """Take the database away for the block, and ask all the time until it is used again."""
    probes = Probes([], [], [], [])
    down()
    gone = threading.Event()
    asking = [threading.Thread(target=_ask_until, args=(server, path, gone, probes)) for path in QUESTIONS]
    for thread in asking:
        thread.start()
    yield probes
    gone.set()
    up()
    probes.recovered.append(
        wait_until(lambda: ask(server.port, "GET", "/patients/x").status == 404, RECOVERY_SECONDS, "used again")
    )
    probes.up.extend((path, ask(server.port, "GET", path)) for path in QUESTIONS * 20)
    for thread in asking:
        thread.join()


def _ask_until(server: Server, path: str, gone: threading.Event, probes: Probes) -> None:
    while not gone.is_set():
        answer = ask(server.port, "GET", path)
        (probes.late if gone.is_set() else probes.down).append((path, answer))
        time.sleep(0.1)


def judged(probes: Probes, *, every: bool = True) -> None:
    """Every answer is a 503 that says so, in time; and after the first success there is no failure.

    `every`: the outage was long enough for each question to be answered in it.
    """
    print(f"recovered after {probes.recovered[0]:.2f} s, {len(probes.down)} probes")
    assert not every or {path for path, _ in probes.down} == set(QUESTIONS)
    for path, answer in probes.down:
        assert (path, answer.status) == (path, 503)
        assert answer.headers["retry-after"]
        assert answer.problem() or path == "/health"
    for path, answer in [*probes.down, *probes.late]:
        assert answer.seconds < (2 if path == "/health" else 5)
    assert {(path, answer.status) for path, answer in probes.up} == {
        ("/patients?_limit=1", 200),
        ("/patients/x", 404),
        ("/health", 200),
    }
