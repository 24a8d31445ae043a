"""What was acknowledged stays, once and whole, whoever is killed."""

import random
import signal
import threading
import time

import pytest

from tests.integration.faults.ledger import Ledger, Verdict
from tests.integration.faults.outage import judged, probed
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import ask
from tests.servers import Server, wait_until
from tests.torture import amount


def kept(verdict: Verdict) -> None:
    print(verdict)
    assert not verdict.lost
    assert not verdict.strange
    assert all(verdict.acknowledged[method] for method in ("POST", "PATCH", "DELETE"))
    assert verdict.slowest < 5


def test_a_killed_server_loses_nothing(postgres: Postgres, server: Server) -> None:
    ledger, chance = Ledger(), random.Random(1)
    for _ in range(amount(3, 50)):
        with ledger.writing(server.port):
            time.sleep(chance.uniform(0.4, 1.2))
            server.stop(signal.SIGKILL)
        server.start()
        wait_until(lambda: ask(server.port, "GET", "/health").status == 200, 5, "the server is back")
    with postgres.connect() as connection:
        kept(ledger.judge(connection))


@pytest.mark.parametrize("whole", [False, True], ids=["its postmaster alone", "all its processes"])
def test_a_killed_database_loses_nothing_and_is_found_again(postgres: Postgres, server: Server, whole: bool) -> None:
    ledger, chance, process = Ledger(), random.Random(whole), server.process
    for round_ in range(amount(1, 12)):
        with ledger.writing(server.port):
            time.sleep(chance.uniform(0.4, 1.0))
            with probed(server, down=lambda: postgres.kill(whole=whole), up=postgres.start) as probes:
                time.sleep((4.5, 1.0)[round_ % 2])
        judged(probes, every=round_ % 2 == 0)
    with postgres.connect() as connection:
        kept(ledger.judge(connection))
    assert server.process is process
    assert process.poll() is None


def test_a_restarted_database_costs_no_request(postgres: Postgres, server: Server) -> None:
    """What was idle is found closed before anything is sent on it."""
    for _ in range(amount(3, 20)):
        burst = [threading.Thread(target=ask, args=(server.port, "GET", "/patients/x")) for _ in range(16)]
        for thread in burst:
            thread.start()
        for thread in burst:
            thread.join()
        postgres.stop()
        postgres.start()
        assert [ask(server.port, "GET", "/patients/x").status for _ in range(20)] == [404] * 20
