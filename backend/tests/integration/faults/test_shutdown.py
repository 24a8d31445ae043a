"""Asked to stop, the server finishes what is under way, takes nothing new, ends well and soon, and loses nothing."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from errno import ECONNREFUSED

from tests.integration.faults.ledger import Ledger
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import ask, connect, read_all
from tests.servers import Server, wait_until
from tests.torture import amount

Launch = Callable[..., Server]
ROWS = 30_000


def test_a_stop_under_load_finishes_what_is_under_way(postgres: Postgres, server: Server) -> None:
    ledger, took = Ledger(), []
    postgres.fill(ROWS)
    for turn in range(amount(2, 12)):
        halves = [record(f"half-{turn}-{number}") for number in range(8)]
        with ledger.writing(server.port), ThreadPoolExecutor(1) as reader:
            time.sleep(0.5)
            lines = [connect(server.port) for _ in halves]
            for line, body in zip(lines, halves, strict=True):
                line.sendall(b"POST /patients HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n")
                line.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:20]))
            whole = reader.submit(ask, server.port, "GET", "/patients")
            time.sleep(0.3)
            begin = time.monotonic()
            server.process.terminate()
            wait_until(lambda: refuses(server.port), 3, "new connections are refused")
            for line, body in zip(lines, halves, strict=True):
                line.sendall(body[20:])
                assert read_all(line).startswith(b"HTTP/1.1 201 ")
                line.close()
            assert len(whole.result().json()) >= ROWS
            assert server.process.wait(15) == 0
            took.append(time.monotonic() - begin)
        server.start()
    print("stopped after", [f"{seconds:.2f} s" for seconds in took])
    assert max(took) < 10
    with postgres.connect() as connection:
        assert connection.execute("DELETE FROM patients WHERE id LIKE 'half-%'").rowcount == 8 * len(took)
        connection.execute("DELETE FROM patients WHERE id ~ '^f[0-9]'")
        verdict = ledger.judge(connection)
    print(verdict)
    assert not verdict.lost
    assert not verdict.strange


def test_clients_that_stand_still_do_not_hold_the_end_up(launch: Launch) -> None:
    server = launch(shutdown_timeout=3)
    lines = [connect(server.port) for _ in range(3)]
    half = b"POST /patients HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    for line, sent in zip(lines, (b"", b"GET /pa", half), strict=True):
        line.sendall(sent)
    wait_until(lambda: ask(server.port, "GET", "/health/live").status == 200, 5, "it answers")
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 3 + 2
    assert b'"detail":"The server is stopping. Send the request again."' in read_all(lines[2])
    for line in lines:
        line.close()


def test_a_stop_while_the_database_is_frozen_is_soon(launch: Launch, postgres: Postgres) -> None:
    server = launch()
    with ThreadPoolExecutor(12) as clients:
        postgres.freeze()
        try:
            waiting = [clients.submit(ask, server.port, "DELETE", f"/patients/{number}") for number in range(12)]
            time.sleep(0.3)
            begin = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - begin < 10
        finally:
            postgres.thaw()
        assert {one.result().status for one in waiting} == {503}


def refuses(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == ECONNREFUSED


def record(key: str) -> bytes:
    content = {"id": key, "patientID": key, "name": "Secretia", "age": 1, "gender": "Other"}
    return json.dumps(content | {"medicalCondition": "Morbus", "lastVisit": "2024-01-15"}).encode()
