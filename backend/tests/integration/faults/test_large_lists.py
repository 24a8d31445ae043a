"""A list too large for one answer: whole and in order, or visibly cut; and cheap, however slowly it is read."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import Client, ask, connect, read_all
from tests.servers import Server
from tests.torture import amount

Table = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def rows(cluster_process: Postgres) -> Iterator[int]:
    """So many patients are there while this module's tests read: more than one answer holds."""
    count = amount(40_000, 100_000)
    cluster_process.start()
    cluster_process.empty()
    cluster_process.fill(count)
    yield count
    cluster_process.start()
    cluster_process.empty()


@pytest.fixture
def client(shared_server: Server) -> Iterator[Client]:
    client = Client(shared_server.port)
    yield client
    client.close()


@pytest.fixture
def table(cluster_process: Postgres) -> Iterator[Table]:
    with cluster_process.connect() as connection:
        yield connection


def test_twenty_slow_readers_of_everybody_cost_little(shared_server: Server, rows: int) -> None:
    before, peak, slowest = shared_server.rss(), 0.0, 0.0
    with ExitStack() as open_lines:
        readers = [open_lines.enter_context(connect(shared_server.port)) for _ in range(20)]
        for line in readers:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(b"GET /patients HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        begin = time.monotonic()
        while time.monotonic() - begin < 4:
            for line in readers:
                line.recv(4096)
            slowest = max(slowest, ask(shared_server.port, "GET", "/patients/f5").seconds)
            peak = max(peak, shared_server.rss())
    print(f"20 slow readers of {rows}: {before:.0f} -> {peak:.0f} MiB; beside them the slowest answer {slowest:.2f} s")
    assert peak - before < 40
    assert slowest < 2


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "position"),
        ("?_sort=-age,lastVisit&name_ne=x", "age DESC, last_visit, position"),
        ("?_sort=name&_order=desc", 'name COLLATE "C" DESC, position'),
    ],
)
def test_a_large_list_is_whole_and_in_order(client: Client, rows: int, table: Table, query: str, order: str) -> None:
    answer = client.ask("GET", f"/patients{query}")
    assert answer.status == 200
    assert "etag" not in answer.headers
    expected = table.execute(f"SELECT id FROM patients ORDER BY {order}".encode()).fetchall()
    assert [(row["id"],) for row in answer.json()] == expected


def test_a_large_page_keeps_its_envelope_and_headers(client: Client, rows: int) -> None:
    page = client.ask("GET", "/patients?_page=2&_per_page=15000").json()
    last = -(-rows // 15_000)
    numbers = {"first": 1, "prev": 1, "next": 3, "last": last, "pages": last, "items": rows}
    assert {name: page[name] for name in page if name != "data"} == numbers
    assert len(page["data"]) == 15_000
    large = client.ask("GET", "/patients?_page=1&_per_page=30000").json()
    assert [row["id"] for row in large.pop("data")] == [f"f{number}" for number in range(1, 30_001)]
    assert large == numbers | {"prev": None, "next": 2, "last": -(-rows // 30_000), "pages": -(-rows // 30_000)}
    slice_ = client.ask("GET", "/patients?_start=10&_end=35010")
    assert slice_.headers["x-total-count"] == str(rows)
    assert len(slice_.json()) == 35_000


def test_a_list_that_cannot_be_finished_is_cut(shared_server: Server, rows: int, cluster_process: Postgres) -> None:
    with connect(shared_server.port) as line:
        line.sendall(b"GET /patients HTTP/1.1\r\nHost: a\r\n\r\n")
        said = line.recv(4096)
        cluster_process.kill()
        said += read_all(line)
    cluster_process.start()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert not said.endswith(b"0\r\n\r\n")
    assert said.count(b'"id"') < rows
