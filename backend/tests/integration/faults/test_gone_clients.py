"""Who has gone is not served: the request leaves its queue, a read is given up, also in PostgreSQL; a write ends."""

import json
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.integration.faults.processes import Postgres, slow
from tests.integration.faults.wire import ask, connect, read_all
from tests.servers import Server, wait_until

Launch = Callable[..., Server]

READS = [b"/patients", b"/patients/f1", b"/patients?q=Secretia", b"/patients?_page=1"]
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'patients-api' AND wait_event_type = 'Lock'"
SOON = 2  # seconds; the deadline of these servers is 20


def get(path: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET %s %s\r\nHost: a\r\n\r\n" % (path, version)


def put(key: str, name: str) -> bytes:
    content = {"patientID": key, "name": name, "age": 1, "gender": "Other"}
    body = json.dumps(content | {"medicalCondition": "none", "lastVisit": "2024-01-15"}).encode()
    head = b"PUT /patients/%s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (key.encode(), len(body)) + body


@pytest.fixture
def server(launch: Launch, postgres: Postgres) -> Server:
    postgres.fill(3)
    server = launch(db_deadline=20, db_pool_size=4, metrics=True)
    ask(server.port, "GET", "/patients")  # it has asked how the database sorts
    return server


@contextmanager
def locked(postgres: Postgres, mode: str = "ACCESS EXCLUSIVE") -> Iterator[Callable[[], int]]:
    """Nobody else gets at the table; how many of the server's statements wait for it in PostgreSQL."""
    with postgres.connect() as session, postgres.connect() as observer:
        session.execute("BEGIN")
        session.execute(f"LOCK TABLE patients IN {mode} MODE".encode())

        def count() -> int:
            [(number,)] = observer.execute(WAITING.encode()).fetchall()
            return int(number)

        yield count


def waiting(server: Server) -> int:
    """Requests that wait for a connection of the pool."""
    found = re.search(r"^db_pool_waiting (\d+)", ask(server.port, "GET", "/metrics").body.decode(), re.MULTILINE)
    assert found
    return int(found[1])


def close(line: socket.socket) -> None:
    line.close()


def reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


@pytest.mark.parametrize("hang_up", [close, reset])
@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
def test_reads_whose_clients_have_gone_are_given_up(
    server: Server, postgres: Postgres, hang_up: Callable[[socket.socket], None], version: bytes
) -> None:
    with locked(postgres) as count:
        lines = [connect(server.port) for _ in range(20)]
        for number, line in enumerate(lines):
            line.sendall(get(READS[number % 4] if number < 8 else b"/patients?age=%d" % number, version))
        wait_until(lambda: (count(), waiting(server) > 5) == (3, True), 5, "they wait")
        for line in lines:
            hang_up(line)
        wait_until(lambda: (count(), waiting(server)) == (0, 0), SOON, "nothing of them is left")
    assert ask(server.port, "GET", "/patients/f1").status == 200
    assert "ERROR" not in server.said


def test_who_waits_with_them_is_served(server: Server, postgres: Postgres) -> None:
    """Of those that share a round trip some go."""
    with ExitStack() as lines:
        with locked(postgres) as count:
            stay = [lines.enter_context(connect(server.port)) for _ in range(6)]
            go = [connect(server.port) for _ in range(6)]
            for number, line in enumerate(stay + go):
                line.sendall(get(b"/patients/f%d" % (1 + number % 3)))
            wait_until(lambda: count() > 0, 5, "they wait")
            for line in go:
                line.close()
            time.sleep(1)
            wait_until(lambda: count() > 0, SOON, "they wait still: a read that met a lock pauses between two tries")
        for line in stay:
            assert line.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_who_only_closes_its_own_side_gets_its_answer(server: Server, postgres: Postgres) -> None:
    with ExitStack() as lines:
        with locked(postgres):
            halves = [lines.enter_context(connect(server.port)) for _ in READS]
            for path, line in zip(READS, halves, strict=True):
                line.sendall(get(path))
                line.shutdown(socket.SHUT_WR)
            time.sleep(1.2)
        for line in halves:
            interim, _, answer = read_all(line).rpartition(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert interim
            assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_write_that_was_sent_is_finished(server: Server, table: Any) -> None:
    with slow(table, "UPDATE", 2):
        line = connect(server.port)
        line.sendall(put("f1", "Changed"))
        wait_until(lambda: asleep(table) == 1, 5, "it is under way in PostgreSQL")
        line.close()
        time.sleep(1)
        assert asleep(table) == 1
        wait_until(lambda: name(table, "f1") == "Changed", 2 + SOON, "it happens")


def test_a_write_that_was_not_sent_never_happens(server: Server, table: Any) -> None:
    with slow(table, "UPDATE", 2), connect(server.port) as first, connect(server.port) as other:
        first.sendall(put("f1", "First"))
        other.sendall(put("f3", "Other"))
        wait_until(lambda: asleep(table) == 2, 5, "they have the connections that writes may take of four")
        second = connect(server.port)
        second.sendall(put("f2", "Second"))
        wait_until(lambda: waiting(server) == 1, 5, "it waits for one")
        second.close()
        assert first.recv(4096).startswith(b"HTTP/1.1 200")
        assert other.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)
        assert asleep(table) == 0
    assert (name(table, "f1"), name(table, "f2")) == ("First", "Secretia 2")


def asleep(table: Any) -> int:
    """How many of the server's statements sleep."""
    found = "FROM pg_stat_activity WHERE application_name = 'patients-api' AND wait_event = 'PgSleep'"
    return int(table.execute(f"SELECT count(*) {found}").fetchone()[0])


def name(table: Any, key: str) -> Any:
    return table.execute("SELECT name FROM patients WHERE id = %s", [key]).fetchone()[0]
