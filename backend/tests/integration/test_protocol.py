"""HTTP itself, byte by byte: how what is refused before any application sees it is told, and how a client is let go.

What is refused is listed in faults/test_hostile_http.py.
"""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from select import select
from typing import Any

import pytest

from app.limits import KEEP_ALIVE
from tests.integration.processes import PATIENT, Server, serving

GET = b"GET /patients HTTP/1.1\r\nHost: t\r\n"
POST = b"POST /patients HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(module_database: str) -> Iterator[Server]:
    with serving(DATABASE_URL=module_database, RECEIVE_TIMEOUT=1, MAX_BODY_BYTES=1000) as server:
        yield server
        assert server.stop() == 0
        assert "Traceback" not in server.said


@contextmanager
def connection(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.http.base_url.port or 0), timeout=20) as client:
        yield client


def answers(client: socket.socket) -> list[tuple[int, dict[str, str], Any]]:
    """All answers until the server closes: status, header fields, JSON body."""
    stream, found = client.makefile("rb"), []
    while line := stream.readline():
        fields = dict(field.decode().lower().strip().split(": ", 1) for field in iter(stream.readline, b"\r\n"))
        body = stream.read(int(fields.get("content-length", 0)))
        found.append((int(line.split()[1]), fields, json.loads(body) if body else None))
    return found


def exchange(server: Server, request: bytes) -> list[tuple[int, dict[str, str], Any]]:
    with connection(server) as client:
        client.sendall(request)
        return answers(client)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (GET + b"X-Big: " + b"x" * 2_000_000, 431),  # never ends
        (b"GET /patients?q=" + b"x" * 2_000_000, 414),  # never ends
        (b"hello\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: " + b"x" * 2_000_000, 431),  # never ends
    ],
    ids=lambda value: str(value[:40]) if isinstance(value, bytes) else None,
)
def test_what_is_no_request_is_refused_as_problem_json(server: Server, request_bytes: bytes, status: int) -> None:
    [(found, fields, body)] = exchange(server, request_bytes)
    assert (found, body["status"]) == (status, status)
    assert fields["content-type"] == "application/problem+json"
    assert (fields["connection"], fields["access-control-allow-origin"]) == ("close", "*")
    assert body["detail"] == body["message"]
    assert server.patients() == []


@pytest.mark.parametrize(
    "beginning", [GET, b"G", POST + b"Content-Length: 500\r\n\r\n{", POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"]
)
def test_a_request_that_does_not_arrive_in_time_is_408(server: Server, beginning: bytes) -> None:
    begin = time.monotonic()
    [(status, _, body)] = exchange(server, beginning)
    assert (status, body["status"]) == (408, 408)
    assert 0.9 < time.monotonic() - begin < 5


def test_dripping_does_not_buy_time(server: Server) -> None:
    with connection(server) as client:
        client.sendall(GET)
        for _ in range(30):
            client.sendall(b"X: y\r\n")
            time.sleep(0.1)
            if client in select([client], [], [], 0)[0]:
                break
        assert [status for status, _, _ in answers(client)] == [408]


@pytest.mark.parametrize("said", [b"", b"\r\n\r\n", GET + b"\r\n\r\n"])
def test_a_silent_connection_is_closed(server: Server, said: bytes) -> None:
    statuses = [status for status, _, _ in exchange(server, said)]
    assert statuses == ([200] if said.startswith(b"GET") else [])


def test_a_connection_is_kept_for_a_proxy_until_the_proxy_closes_it(module_database: str) -> None:
    """nginx keeps one for a minute: what it sends on one that is being closed is a 502 to its client."""
    forwarded = GET + b"X-Forwarded-For: 192.0.2.1\r\n\r\n"
    with ExitStack() as stack:
        settings: list[dict[str, object]] = [{}, {}, {"FORWARDED_ALLOW_IPS": "192.0.2.7"}, {"KEEP_ALIVE": 2}]
        servers = [stack.enter_context(serving(DATABASE_URL=module_database, **one)) for one in settings]
        clients = [stack.enter_context(connection(server)) for server in servers]
        for client, request in zip(clients, (GET + b"\r\n", forwarded, GET + b"\r\n", forwarded), strict=True):
            client.sendall(request)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        time.sleep(KEEP_ALIVE + 1)
        assert [client in select([client], [], [], 0)[0] for client in clients] == [True, False, False, True]


def test_a_refusal_reaches_a_client_that_still_sends(server: Server) -> None:
    with connection(server) as client:
        client.sendall(POST + b"Content-Length: 20000000\r\n\r\n")
        for _ in range(200):
            client.sendall(b"x" * 100_000)
        [(status, fields, _)] = answers(client)
    assert (status, fields["connection"]) == (413, "close")


def test_requests_sent_at_once_are_answered_in_order(server: Server) -> None:
    found = exchange(server, GET + b"\r\n" + GET.replace(b"patients", b"patients/no") + b"Connection: close\r\n\r\n")
    assert [status for status, _, _ in found] == [200, 404]


def test_an_offer_to_upgrade_is_declined(server: Server) -> None:
    """Java's HttpClient offers HTTP/2 with its first request, body and all."""
    body = json.dumps(PATIENT | {"patientID": "upgrade"}).encode()
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    post = POST + upgrade + b"Content-Length: %d\r\n\r\n" % len(body) + body
    closing = upgrade.replace(b"Upgrade,", b"Upgrade, close,")
    begin = time.monotonic()
    found = exchange(server, GET + upgrade + b"\r\n" + post + GET + closing + b"\r\n")
    assert [status for status, _, _ in found] == [200, 201, 200]
    assert (found[2][1]["connection"], time.monotonic() - begin < KEEP_ALIVE) == ("close", True)
    created = found[1][2]
    assert created["patientID"] == "upgrade"
    assert server.http.delete(f"/patients/{created['id']}").status_code == 200


def test_no_version_is_given_away(server: Server) -> None:
    [(_, fields, _)] = exchange(server, GET + b"Connection: close\r\n\r\n")
    assert "server" not in fields
    assert "date" in fields
