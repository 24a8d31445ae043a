"""Every answer about a patient can be true, whoever is killed, frozen or kept waiting: all changes have one order.

What is judged is what Jepsen's register test judges; `histories` says how.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psycopg
import pytest

from tests.integration.faults.histories import Operation, contradiction
from tests.integration.faults.processes import Postgres, children
from tests.integration.faults.racing import Race, Verdict
from tests.integration.faults.wire import ask
from tests.servers import Server, wait_until
from tests.torture import LONG, amount

Launch = Callable[..., Server]
Disturbance = Callable[[Server, Postgres, float], None]
REQUESTS = 800  # in a run, at least
PLANTED = 60
_OTHERS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


def peace(server: Server, postgres: Postgres, seconds: float) -> None:
    """Nothing happens."""


def killed_server(server: Server, postgres: Postgres, seconds: float) -> None:
    """All of it, as when the machine goes."""
    workers = children(server.process.pid)
    server.stop(signal.SIGKILL)
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.start()


def killed_worker(server: Server, postgres: Postgres, seconds: float) -> None:
    os.kill(random.choice(children(server.process.pid)), signal.SIGKILL)


def replaced_workers(server: Server, postgres: Postgres, seconds: float) -> None:
    before = set(children(server.process.pid))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(children(server.process.pid)), 60, "all are replaced")


def killed_backend(server: Server, postgres: Postgres, seconds: float) -> None:
    """PostgreSQL ends all others too then, and recovers (18.4.1)."""
    with postgres.connect() as connection:
        victim = connection.execute(f"SELECT pid {_OTHERS} ORDER BY random() LIMIT 1").fetchone()
        assert victim
        os.kill(victim[0], signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(60)")
    postgres.start()


def ended_backends(server: Server, postgres: Postgres, seconds: float) -> None:
    with postgres.connect() as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS}")


def frozen_database(server: Server, postgres: Postgres, seconds: float) -> None:
    postgres.freeze()
    time.sleep(seconds)
    postgres.thaw()


def locked_table(server: Server, postgres: Postgres, seconds: float) -> None:
    _held(postgres, "LOCK TABLE patients", seconds)


def locked_rows(server: Server, postgres: Postgres, seconds: float) -> None:
    _held(postgres, "SELECT 1 FROM patients FOR UPDATE", seconds)


def lock_storm(server: Server, postgres: Postgres, seconds: float) -> None:
    """One short lock after another, of the table and of its rows."""
    for _ in range(10):
        locked_table(server, postgres, seconds / 20)
        locked_rows(server, postgres, seconds / 20)


def _held(postgres: Postgres, statement: str, seconds: float) -> None:
    with postgres.connect() as connection, connection.transaction():
        connection.execute(statement.encode())
        time.sleep(seconds)


DISTURBANCES = (
    peace,
    killed_server,
    killed_backend,
    ended_backends,
    frozen_database,
    locked_table,
    locked_rows,
    lock_storm,
)
OF_WORKERS = (peace, killed_worker, replaced_workers, *(DISTURBANCES[1:] if LONG else ()))
CASES = [(1, disturb) for disturb in DISTURBANCES] + [(3, disturb) for disturb in OF_WORKERS]


@pytest.mark.parametrize(("workers", "disturb"), CASES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_there_is_one_order_of_all_that_happened(
    launch: Launch, postgres: Postgres, workers: int, disturb: Disturbance
) -> None:
    server = launch(workers=workers, db_deadline=1, log_level="WARNING")
    chance = random.Random(disturb.__name__)
    for _ in range(amount(1, 30 if workers == 1 else 10)):
        race = Race()
        with race.running(server.port, REQUESTS):
            time.sleep(chance.uniform(0.3, 0.8))
            disturb(server, postgres, chance.uniform(1.1, amount(2, 6)))
            wait_until(lambda: ask(server.port, "GET", "/health").status == 200, 10, "it is served again")
        with postgres.connect() as connection:
            true(race.judge(connection))
        postgres.empty()


def true(verdict: Verdict) -> None:
    print(f"{sum(verdict.answers.values())} operations, {verdict.unanswered} unanswered")
    assert verdict.false == []
    assert verdict.strange == []
    expected = {("GET", 200, False), ("GET", 404, False), ("POST", 201, False), ("POST", 409, False)}
    expected |= {(method, 200, condition) for method in ("PUT", "PATCH") for condition in (False, True)}
    assert expected | {("PUT", 412, True), ("PATCH", 412, True), ("DELETE", 200, False)} <= verdict.answers.keys()


def test_a_stale_read_would_be_found(server: Server, postgres: Postgres) -> None:
    """Into the notes of a real run: reads of what another answered write had replaced before they began."""
    race = Race()
    with race.running(server.port, REQUESTS):
        time.sleep(0.5)
    with postgres.connect() as connection:
        histories = race.histories(connection)
    assert [contradiction(history) for history in histories] == [None] * len(histories)
    lies = [(history, *lie) for history in histories for lie in stale_reads(history)]
    for history, place, stale in random.Random(1).sample(lies, PLANTED):
        planted = [*history[:place], stale, *history[place + 1 :]]
        assert contradiction(planted) is stale


def stale_reads(history: list[Operation]) -> Iterator[tuple[int, Operation]]:
    """Every read as it could not have been answered, and its place.

    No version comes twice: one that was written before another write began, which has been answered, is gone for good.
    """
    writes = [done for done in history if done.seen and done.method != "GET"]
    for place, read in enumerate(history):
        before = [done for done in writes if read.method == "GET" and done.end < read.begin]
        last = max((done.begin for done in before), default=0)
        yield from ((place, read._replace(status=200, seen=old.seen)) for old in before if old.end < last)
