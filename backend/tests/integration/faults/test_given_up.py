"""What was answered 503 has happened by then or never happens, and leaves nothing behind in PostgreSQL."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from tests.integration.faults.processes import Postgres, slow
from tests.integration.faults.test_outages import connections_of
from tests.integration.faults.test_pooler import patient, pooled
from tests.integration.faults.wire import ask
from tests.servers import Server, wait_until

Launch = Callable[..., Server]
Table = psycopg.Connection[tuple[object, ...]]
BARE = {"db_pooled": True, "db_deadline": 1}  # without the settings that end a statement in PostgreSQL by themselves

__all__ = ["pooled"]


def test_a_write_that_was_given_up_never_happens(launch: Launch, postgres: Postgres, table: Table) -> None:
    server = launch(**BARE)
    postgres.fill(10)
    with slow(table, "DELETE", 3), ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda n: ask(server.port, "DELETE", f"/patients/f{n}"), range(1, 11)))
        assert {answer.status for answer in answers} == {503}
        assert max(answer.seconds for answer in answers) < 1.3
        wait_until(lambda: busy(table) == 0, 0.5, "no statement goes on")
        time.sleep(3)
    assert table.execute("SELECT count(*) FROM patients").fetchone() == (10,)


def test_the_pool_bounds_the_connections(launch: Launch, postgres: Postgres, table: Table) -> None:
    server, seen = launch(**BARE), list[int]()
    with postgres.connect() as other, other.transaction(), ThreadPoolExecutor(32) as clients:
        other.execute("LOCK TABLE patients")
        asked = [clients.submit(ask, server.port, "GET", f"/patients?_page={page}") for page in range(100)]
        while not all(one.done() for one in asked):
            seen.append(connections_of(table))
            time.sleep(0.02)
    assert {one.result().status for one in asked} == {503}
    assert max(seen) <= 8 + 3


def test_a_commit_that_waits_for_a_standby_is_ended(launch: Launch, postgres: Postgres, table: Table) -> None:
    """It has happened here, and is not acknowledged: a failover may lose it."""
    server = launch(db_deadline=1)
    with no_standby(postgres, table), ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda n: ask(server.port, "POST", "/patients", patient(n)), range(10)))
        assert {answer.status for answer in answers} == {503}
        assert max(answer.seconds for answer in answers) < 1.3
        wait_until(lambda: busy(table) == 0, 0.5, "no statement goes on")
        stored = table.execute("SELECT count(*) FROM patients").fetchone()
    time.sleep(0.5)
    assert table.execute("SELECT count(*) FROM patients").fetchone() == stored


def test_a_pooler_passes_the_end_on(pooled: str, launch: Launch, postgres: Postgres, table: Table) -> None:
    """Its own queue included: it has two connections."""
    server = launch(dsn=pooled, **BARE)
    postgres.fill(10)
    with slow(table, "DELETE", 3), ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda n: ask(server.port, "DELETE", f"/patients/f{n}"), range(1, 11)))
        assert {answer.status for answer in answers} == {503}
        time.sleep(7)
    assert table.execute("SELECT count(*) FROM patients").fetchone() == (10,)
    assert ask(server.port, "GET", "/patients/f1").status == 200


@contextmanager
def no_standby(postgres: Postgres, table: Table) -> Iterator[None]:
    """Commits wait for a standby that is not there."""
    table.execute("ALTER SYSTEM SET synchronous_standby_names = 'away'")
    table.execute("SELECT pg_reload_conf()")
    time.sleep(0.2)
    try:
        yield
    finally:
        table.execute("ALTER SYSTEM RESET synchronous_standby_names")
        table.execute("SELECT pg_reload_conf()")


def busy(table: Table) -> int:
    found = table.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'patients-api' AND state <> 'idle'"
    ).fetchone()
    assert found
    return int(str(found[0]))
