"""Several processes on one port: killed, replaced and stopped under load, and they are one server to who asks."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from app import PROGRAM
from app.config import BACKEND
from tests.crowds import at_work
from tests.integration.faults.conftest import launching
from tests.integration.faults.ledger import Ledger
from tests.integration.faults.processes import Postgres, children
from tests.integration.faults.wire import ask, connect
from tests.servers import Measured, Server, wait_until
from tests.torture import amount

Launch = Callable[..., Server]

SECONDS = 30.0  # for what takes one on a quiet machine


@pytest.fixture
def launch(postgres: Postgres) -> Iterator[Launch]:
    with launching(postgres, Measured) as run:
        yield run


def workers(server: Server) -> list[int]:
    return children(server.process.pid)


def serving(server: Server) -> set[str]:
    """Who has answered, by the part of a request's id that is the process's."""
    return {process(ask(server.port, "GET", "/health/live").headers["x-request-id"]) for _ in range(40)}


def process(request_id: str) -> str:
    return request_id.partition("-")[0]


class Asking:
    """Somebody who asks without a pause, on connections that are kept for some requests: status -> how many."""

    def __init__(self, port: int) -> None:
        self.answers: Counter[object] = Counter()
        self.served_by: Counter[str] = Counter()
        self._port, self._told = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(4)]

    def _ask(self) -> None:
        while not self._told.is_set():
            connection = HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
            try:
                self._use(connection)
            except OSError as error:
                self.answers[type(error).__name__] += 1
            finally:
                connection.close()

    def _use(self, connection: HTTPConnection) -> None:
        """Until it is told that the answer was the last one."""
        while not self._told.is_set():
            connection.request("GET", "/patients?_limit=1")
            answer = connection.getresponse()
            answer.read()
            self.answers[answer.status] += 1
            self.served_by[process(answer.headers["X-Request-ID"])] += 1
            if answer.headers.get("Connection") == "close":
                return

    def all_the_time(self) -> AbstractContextManager[None]:
        return at_work(self._threads, self._told)


def test_several_serve_as_one(launch: Launch) -> None:
    server = launch(workers=3, metrics="true", log_level="INFO")
    wait_until(lambda: len(serving(server)) == 3, SECONDS, "all three answer")
    before = requests_counted(server)
    for _ in range(30):
        assert ask(server.port, "GET", "/patients").status == 200
    assert requests_counted(server) - before == 30
    assert re.search(r'db_pool_connections\{state="limit"\} 24', metrics(server))
    assert set(re.findall(r"INFO \[(\d)\] app\.requests", server.said)) == {"1", "2", "3"}
    assert server.said.count("serving on") == 1
    assert server.stop() == 0


def metrics(server: Server) -> str:
    return ask(server.port, "GET", "/metrics").body.decode()


def requests_counted(server: Server) -> float:
    found = re.findall(r'http_requests_total\{method="GET",route="/patients",status="200"\} (\S+)', metrics(server))
    return sum(map(float, found))


def test_killed_under_load_they_lose_nothing_acknowledged_and_refuse_nobody(
    launch: Launch, postgres: Postgres, table: psycopg.Connection[tuple[object, ...]]
) -> None:
    server = launch(workers=2)
    asking = Asking(server.port)

    def kill() -> None:
        for _ in range(amount(4, 20)):
            wait_until(lambda: len(workers(server)) == 2, SECONDS, "another one was started")
            os.kill(workers(server)[0], signal.SIGKILL)
            time.sleep(0.5)

    with asking.all_the_time(), (ledger := Ledger()).writing(server.port):
        kill()
    verdict = ledger.judge(table)
    assert (verdict.lost, verdict.strange) == ([], [])
    assert sum(verdict.acknowledged.values()) > 50
    assert asking.answers["ConnectionRefusedError"] == 0, asking.answers
    assert server.stop() == 0


def test_replaced_under_load_no_request_fails(launch: Launch) -> None:
    server = launch(workers=2)
    asking = Asking(server.port)
    with asking.all_the_time():
        for _ in range(amount(1, 5)):
            before = set(workers(server))
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: len(found := set(workers(server))) == 2 and not found & before, 3 * SECONDS, "renewed")  # noqa: B023
            time.sleep(0.2)
    assert set(asking.answers) == {200}, asking.answers
    assert asking.answers[200] > 20


def test_who_keeps_a_connection_comes_to_a_new_worker_too(launch: Launch) -> None:
    server = launch(workers=2)
    asking = Asking(server.port)
    with asking.all_the_time():
        os.kill(workers(server)[0], signal.SIGKILL)
        wait_until(lambda: len(workers(server)) == 2, SECONDS, "another one was started")
        asking.served_by.clear()
        wait_until(lambda: len(asking.served_by) == 2, 3 * SECONDS, "both serve those who keep their connections")
    assert asking.answers.keys() <= {200, "RemoteDisconnected", "ConnectionResetError"}, asking.answers


@pytest.mark.parametrize(("number", "last"), [(1, 0), (2, 1)])
def test_a_connection_of_several_workers_is_told_its_last_answer(launch: Launch, number: int, last: int) -> None:
    connection, said = HTTPConnection("127.0.0.1", launch(workers=number).port, timeout=SECONDS), list[int]()
    for count in range(1, 1100):
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["status"]) == (200, "ok")
        if answer.headers.get("Connection") == "close":
            said.append(count)
    connection.close()
    assert len(said) in {last, 2 * last}
    assert all(count >= 500 for count in said[:1])


def test_a_signal_for_the_parent_ends_no_worker(launch: Launch) -> None:
    """Whoever sends SIGHUP to all by their name means that all are replaced."""
    server = launch(workers=2)
    asking = Asking(server.port)
    with asking.all_the_time():
        before = set(workers(server))
        for pid in [server.process.pid, *before]:
            os.kill(pid, signal.SIGHUP)
        wait_until(lambda: len(found := set(workers(server))) == 2 and not found & before, 3 * SECONDS, "renewed")
    assert set(asking.answers) == {200}, asking.answers


def test_who_is_replaced_reads_the_settings_anew(postgres: Postgres, tmp_path: Path) -> None:
    """Those that are each worker's; how many there are and where they listen is their parent's."""
    shutil.copytree(BACKEND / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (file := tmp_path / ".env").write_text(f"DATABASE_URL={postgres.dsn}\nWORKERS=2\n")
    given = {"HOST": "127.0.0.1", "PORT": "{port}", "LOG_LEVEL": "WARNING"}
    server = Server([sys.executable, "-m", "app"], tmp_path, given)
    with server, postgres.connect() as table:
        file.write_text(f"DATABASE_URL={postgres.dsn}?application_name=anew\nWORKERS=4\nMETRICS=true\n")
        server.process.send_signal(signal.SIGHUP)
        named = "SELECT DISTINCT application_name FROM pg_stat_activity WHERE application_name IN (%s, 'anew')"
        wait_until(lambda: table.execute(named, [PROGRAM]).fetchall() == [("anew",)], 3 * SECONDS, "all have it")
        wait_until(lambda: 'db_pool_connections{state="limit"} 16.0' in metrics(server), SECONDS, "of both")


def test_a_second_ctrl_c_breaks_off_what_is_under_way(launch: Launch) -> None:
    server = launch(workers=2, shutdown_timeout=300)
    with connect(server.port) as client:
        client.sendall(
            b"POST /patients HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        )
        time.sleep(0.5)
        server.process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(2)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(SECONDS) == 0


def test_who_does_not_start_replaces_nobody(launch: Launch) -> None:
    server = launch(workers=2)
    before = set(workers(server))
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: set(workers(server)) - before, SECONDS, "a new one is started")
    os.kill((set(workers(server)) - before).pop(), signal.SIGKILL)
    wait_until(lambda: "a new worker 1 did not start" in server.said, SECONDS, "it is told")
    assert set(workers(server)) == before
    assert ask(server.port, "GET", "/health").status == 200


def test_they_end_with_their_parent(launch: Launch) -> None:
    server = launch(workers=2)
    here = workers(server)
    server.stop(signal.SIGKILL)
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in here), SECONDS, "they have ended")


def test_what_is_wrong_is_one_line_and_the_exit_code(postgres: Postgres) -> None:
    server = Measured.ours(postgres.dsn, workers=2, environment="production", access="keys", jwt_roles_at="x")
    assert server.launch().process.wait(SECONDS * 3) == 2
    assert server.said.count("did not start") == 1


@pytest.mark.parametrize("workers", ["0", "-1", "many", "65"])
def test_a_number_of_workers_that_cannot_be(workers: str, postgres: Postgres) -> None:
    server = Measured.ours(postgres.dsn, workers=workers)
    assert server.launch().process.wait(SECONDS * 3) == 2
    assert "WORKERS: must be a whole number from 1 to 64, or auto" in server.said


def test_more_connections_than_postgresql_has_are_told(launch: Launch) -> None:
    server = launch(workers=2, db_pool_size=90)
    wait_until(lambda: "WORKERS=2 may open 182 connections" in server.said, SECONDS, "the warning")
