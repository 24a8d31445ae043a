"""A primary that dies, freezes or comes back, and its standby in its place: what was acknowledged is there.

One server of ours all the time, whose DATABASE_URL names both.
"""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.integration.faults.ledger import Ledger, Verdict
from tests.integration.faults.processes import Postgres
from tests.integration.faults.standby import Standby, either, synchronous
from tests.integration.faults.test_outages import connections_of
from tests.integration.faults.test_pooler import patient
from tests.integration.faults.wire import ask
from tests.servers import Server, wait_until
from tests.torture import LONG

Launch = Callable[..., Server]

WRITERS = 8
PROMOTED_SECONDS = 5.0  # from the promotion to the first write that is acknowledged
SLACK_SECONDS = 0.3  # what was sent before the lag began may not have arrived either


def test_a_standby_takes_over_without_a_loss(primary: Postgres, standby: Standby, launch: Launch) -> None:
    """And the old primary, which comes back as if nothing had been, is written to by nobody."""
    synchronous(primary)
    server, ledger = launch(dsn=either(primary, standby)), Ledger()
    process = server.process
    with ledger.writing(server.port, WRITERS):
        time.sleep(1)
        primary.kill()
        time.sleep(0.3)
        promoted(standby, server)
        primary.start()
        journal = changes(primary)
        with standby.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'patients'"
                " AND application_name = 'patients-api'"
            )
        time.sleep(1)
    kept(ledger, standby)
    assert changes(primary) == journal
    with primary.connect() as connection:
        assert connections_of(connection) == 0
    assert server.process is process
    assert server.running()


def test_a_primary_that_thaws_behind_its_successor_is_left_alone(
    primary: Postgres, standby: Standby, launch: Launch
) -> None:
    """It still believes that it is one, and the connections to it were never closed."""
    synchronous(primary)
    server, ledger = launch(dsn=either(primary, standby), db_deadline=2), Ledger()
    with ledger.writing(server.port, WRITERS):
        time.sleep(0.5)
        primary.freeze()
        time.sleep(1)
        promoted(standby, server)
        primary.thaw()
        primary.set("synchronous_standby_names = ''")  # else its commits would wait for ever, and nothing show
        journal = changes(primary)
        time.sleep(1)
    kept(ledger, standby)
    assert changes(primary) == journal
    with primary.connect() as connection:
        wait_until(lambda: connections_of(connection) == 0, 5, "nobody is connected to the old primary")


def test_two_primaries_are_told_apart_by_a_new_server(primary: Postgres, standby: Standby, launch: Launch) -> None:
    """It has not seen the failover; the one that stands first in DATABASE_URL is the old one."""
    standby.promote()
    server, journal = launch(dsn=either(primary, standby)), changes(primary)
    answers = [ask(server.port, "POST", "/patients", patient(number)) for number in range(20)]
    assert {answer.status for answer in answers} == {201}
    assert changes(primary) == journal


def test_a_primary_that_was_cut_off_is_left_for_its_successor(
    primary: Postgres, standby: Standby, launch: Launch
) -> None:
    """Nothing fences it: it runs, says that it takes writes, and waits for a standby that is none any more."""
    synchronous(primary)
    server, ledger = launch(dsn=either(primary, standby), db_deadline=2), Ledger()
    with ledger.writing(server.port, WRITERS):
        time.sleep(0.5)
        promoted(standby, server, seconds=10)  # after the deadline of those that wait
        time.sleep(1)
    kept(ledger, standby)
    with primary.connect() as connection:
        wait_until(lambda: connections_of(connection) == 0, 5, "nobody is connected to the old primary")


@pytest.mark.parametrize("lag", [0.2, 1.0] if LONG else [0.2])
def test_an_asynchronous_standby_loses_what_it_had_not_got(
    primary: Postgres, standby: Standby, launch: Launch, lag: float
) -> None:
    """No more than that: all of it was acknowledged within the lag."""
    server, ledger = launch(dsn=either(primary, standby)), Ledger()
    with ledger.writing(server.port, WRITERS):
        time.sleep(0.5)
        with standby.lagging():
            began = time.monotonic()
            time.sleep(lag)
            primary.kill()
        promoted(standby, server)
        time.sleep(0.5)
    verdict = judged(ledger, standby)
    print(f"{lag} s of lag: {len(verdict.lost)} acknowledged writes lost of {sum(verdict.acknowledged.values())}")
    assert set(verdict.unsure) <= {503}
    assert all(verdict.promised[key] > began - SLACK_SECONDS for key in verdict.lost)
    assert verdict.lost


def promoted(standby: Standby, server: Server, seconds: float = PROMOTED_SECONDS) -> None:
    """Return when a write is acknowledged by it."""
    standby.promote()
    bodies = map(patient, count(time.monotonic_ns()))
    took = wait_until(lambda: ask(server.port, "POST", "/patients", next(bodies)).status == 201, seconds, "written to")
    print(f"writes {took:.2f} s after the promotion")


def kept(ledger: Ledger, standby: Standby) -> None:
    verdict = judged(ledger, standby)
    assert (verdict.lost, verdict.strange) == ([], [])
    assert set(verdict.unsure) <= {503}
    assert min(verdict.acknowledged[method] for method in ("POST", "PATCH", "DELETE")) > 0


def judged(ledger: Ledger, standby: Standby) -> Verdict:
    with standby.connect() as connection:
        connection.execute("DELETE FROM patients WHERE id ~ '^p[0-9]'")  # of `promoted`
        verdict = ledger.judge(connection)
    print(verdict._replace(promised={}))
    return verdict


def changes(postgres: Postgres) -> Any:
    """How many there are on record: each write is."""
    with postgres.connect() as connection:
        return connection.execute("SELECT count(*) FROM changes").fetchone()
