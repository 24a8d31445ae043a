"""HTTP itself, byte by byte: how a refusal is told that no application has seen, and how a client is let go.

What is refused, and what a client may leave undone, is listed in faults/test_hostile_http.py.
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
from tests.integration.processes import Server, serving

GET = b"GET /patients HTTP/1.1\r\nHost: t\r\n"


@pytest.fixture(scope="module")
def server(module_database: str) -> Iterator[Server]:
    with serving(DATABASE_URL=module_database, RECEIVE_TIMEOUT=1) as server:
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


def test_what_is_no_request_is_refused_as_problem_json(server: Server) -> None:
    [(found, fields, body)] = exchange(server, b"hello\r\n\r\n")
    assert (found, body["status"]) == (400, 400)
    assert fields["content-type"] == "application/problem+json"
    assert (fields["connection"], fields["access-control-allow-origin"]) == ("close", "*")
    assert body["detail"] == body["message"]


def test_dripping_does_not_buy_time(server: Server) -> None:
    with connection(server) as client:
        client.sendall(GET)
        for _ in range(30):
            client.sendall(b"X: y\r\n")
            time.sleep(0.1)
            if client in select([client], [], [], 0)[0]:
                break
        assert [status for status, _, _ in answers(client)] == [408]


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


def test_no_version_is_given_away(server: Server) -> None:
    [(_, fields, _)] = exchange(server, GET + b"Connection: close\r\n\r\n")
    assert "server" not in fields
    assert "date" in fields
