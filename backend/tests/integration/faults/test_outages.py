"""A database that is away, silent, full, empty or refuses us: said in time, in one way, and over when it is over."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from tests.integration.faults.ledger import Ledger
from tests.integration.faults.outage import judged, probed
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import Answer, ask
from tests.patients import patient
from tests.servers import Server, wait_until
from tests.torture import amount
from tests.triggers import trigger

Launch = Callable[..., Server]


def test_a_frozen_database_is_as_good_as_dead(postgres: Postgres, server: Server) -> None:
    ledger = Ledger()
    for _ in range(amount(1, 6)):
        with ledger.writing(server.port):
            time.sleep(0.5)
            with probed(server, down=postgres.freeze, up=postgres.thaw) as probes:
                time.sleep(amount(5, 12))
        judged(probes)
    with postgres.connect() as connection:
        verdict = ledger.judge(connection)
        assert not verdict.lost
        assert not verdict.strange
        assert verdict.slowest < 5
        wait_until(lambda: connections_of(connection) <= 8, 5, "no connection is left behind")


def test_a_network_that_swallows_everything_is_survived(postgres: Postgres, launch: Launch) -> None:
    """No packet, no reset: the old connections never learn that they are dead, new ones work again."""
    with Swallowing(postgres.port) as network:
        server = launch(dsn=network.dsn(postgres))
        assert many(server, 16, "/patients/x") == {404}
        network.swallow()
        answers = [ask(server.port, "GET", path) for path in ("/patients/x", "/health", "/patients/x")]
        assert [answer.status for answer in answers] == [503] * 3
        assert all(answer.seconds < 5 for answer in answers)
        network.pass_new()
        wait_until(lambda: ask(server.port, "GET", "/patients/x").status == 404, 5, "used again")
        assert many(server, 40, "/patients/x") == {404}


def test_who_waits_for_a_lock_is_refused_soon_and_health_stays_true(
    postgres: Postgres, server: Server, table: psycopg.Connection[object]
) -> None:
    with table.transaction(), ThreadPoolExecutor(64) as clients:
        table.execute("LOCK TABLE patients")
        waiting = [clients.submit(ask, server.port, "DELETE", f"/patients/{n}") for n in range(40)]
        health = [ask(server.port, "GET", "/health") for _ in range(20)]
        answers = [one.result() for one in waiting]
    assert {answer.status for answer in answers} == {503}
    assert all(answer.problem() and answer.headers["retry-after"] for answer in answers)
    assert max(answer.seconds for answer in answers) < 2  # of 40 clients in threads
    assert {answer.status for answer in health} == {200}
    assert max(answer.seconds for answer in health) < 2
    assert many(server, 40, "/patients/x") == {404}
    wait_until(lambda: connections_of(table) <= 8, 5, "no connection is left behind")


def test_a_lock_shorter_than_the_deadline_is_waited_for(server: Server, table: psycopg.Connection[object]) -> None:
    with ThreadPoolExecutor(40) as clients:
        with table.transaction():
            table.execute("LOCK TABLE patients")
            waiting = [clients.submit(ask, server.port, "GET", f"/patients/{n}") for n in range(40)]
            time.sleep(2)
        assert {one.result().status for one in waiting} == {404}


def test_a_flood_of_health_checks_is_one_question(server: Server, table: psycopg.Connection[object]) -> None:
    with ThreadPoolExecutor(32) as clients:
        asked = [clients.submit(ask, server.port, "GET", "/health") for _ in range(300)]
        seen = []
        while not all(one.done() for one in asked):
            seen.append(connections_of(table))
    assert {one.result().status for one in asked} == {200}
    assert max(seen, default=0) <= 2 + 8  # the pool's least, and questions one after another that still say goodbye


def test_a_start_without_a_database_serves_when_it_comes(postgres: Postgres, launch: Launch) -> None:
    postgres.stop()
    server = launch()
    answers = [ask(server.port, "GET", path) for path in ("/patients", "/health", "/patients/x")]
    assert [answer.status for answer in answers] == [503] * 3
    assert ask(server.port, "GET", "/health/live").status == 200
    wait_until(lambda: "nothing listens at the address in DATABASE_URL" in server.said, 3, "the log says so")
    postgres.start()
    wait_until(lambda: ask(server.port, "GET", "/patients").status == 200, 5, "used when it comes")
    wait_until(lambda: "the database is back" in server.said, 3, "the log says that, too")


def test_a_database_without_the_schema_says_what_to_run(postgres: Postgres, launch: Launch) -> None:
    with postgres.connect() as connection:
        connection.execute("DROP DATABASE IF EXISTS bare")
        connection.execute("CREATE DATABASE bare")
    server = launch(dsn=postgres.dsn.removesuffix("patients") + "bare")
    for path in ("/patients", "/patients/x", "/health"):
        answer = ask(server.port, "GET", path)
        assert answer.status == 503
        assert "alembic upgrade head" in answer.json()["detail"]


@pytest.mark.parametrize("error", ["40001", "40P01"], ids=["a serialization failure", "a deadlock"])
def test_what_was_not_done_is_done_again(server: Server, table: psycopg.Connection[object], error: str) -> None:
    """PostgreSQL says that nothing was done and the same may succeed now: here at the third attempt."""
    again = f"IF nextval('attempts') < 3 THEN RAISE EXCEPTION 'again' USING ERRCODE = '{error}'; END IF; RETURN NEW;"
    table.execute("CREATE SEQUENCE attempts")
    with trigger(table, "BEFORE INSERT ON patients", again):
        assert ask(server.port, "POST", "/patients", patient()).status == 201
        assert table.execute("SELECT count(*), (SELECT last_value FROM attempts) FROM patients").fetchone() == (1, 3)
    table.execute("DROP SEQUENCE attempts")


def many(server: Server, requests: int, path: str) -> set[int]:
    """The statuses of so many requests at once."""
    with ThreadPoolExecutor(requests) as clients:
        answers: Iterator[Answer] = clients.map(lambda _: ask(server.port, "GET", path), range(requests))
        return {answer.status for answer in answers}


def connections_of(connection: psycopg.Connection[object]) -> int:
    row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'patients-api'").fetchone()
    assert isinstance(row, tuple)
    return int(row[0])


class Swallowing:
    """A network between server and PostgreSQL that can be told to lose everything on the connections it has."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lines: list[socket.socket] = []
        self._lost = 0  # connections before this one get nothing through
        self._passing = True

    def dsn(self, postgres: Postgres) -> str:
        return postgres.dsn.replace(f":{postgres.port}/", f":{self._listener.getsockname()[1]}/")

    def swallow(self) -> None:
        self._passing, self._lost = False, len(self._lines)

    def pass_new(self) -> None:
        self._passing, self._lost = True, len(self._lines)

    def __enter__(self) -> "Swallowing":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for line in (self._listener, *self._lines):  # a thread that reads a line keeps it open until there is an end
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            number = len(self._lines)
            self._lines += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target, number), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, number: int) -> None:
        try:
            while data := source.recv(1 << 16):
                if self._passing and number >= self._lost:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return
        finally:
            source.close()
