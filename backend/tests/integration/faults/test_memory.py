"""Memory stays flat, and a list too large for one answer is whole, in order, or visibly cut."""

import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any

import psycopg
import pytest

from tests.integration.faults.processes import Postgres, Server
from tests.integration.faults.wire import Client, ask, connect, read_all

Amount = Callable[[int, int], int]
Table = psycopg.Connection[Any]
ROWS = 100_000


@pytest.fixture
def many(postgres: Postgres) -> Iterator[None]:
    postgres.fill(ROWS)
    yield
    postgres.empty()


def test_a_long_mixed_load_does_not_grow(server: Server, client: Client, amount: Amount) -> None:
    steps = cycle(
        [
            ("GET", "/patients?_page=1&_sort=name", None),
            ("GET", "/patients?q=Secretia&age_gte=3", None),
            ("GET", "/patients/m1", None),
            ("PATCH", "/patients/m1", {"age": 9, "note": "x" * 500}),
            ("GET", "/patients/none", None),
            ("POST", "/patients", b"{"),
            ("PUT", "/patients/m1", {"name": ""}),
            ("DELETE", "/patients/m1", None),
            ("POST", "/patients", person("m1")),
            ("GET", "/health", None),
        ]
    )
    client.ask("POST", "/patients", person("m1"))
    sizes = []
    for number in range(amount(4_000, 240_000)):
        answer = client.ask(*next(steps))
        assert answer.status in (200, 201, 400, 404)
        if number >= 1_000 and number % 500 == 0:  # the first thousand fill caches
            sizes.append(server.rss())
    print(f"mixed load: {sizes[0]:.1f} -> {sizes[-1]:.1f} MiB, most {max(sizes):.1f}")
    assert max(sizes) - sizes[0] < 20


def test_twenty_slow_readers_of_everybody_cost_little(server: Server, many: None) -> None:
    before, peak, slowest = server.rss(), 0.0, 0.0
    with ExitStack() as open_lines:
        readers = [open_lines.enter_context(connect(server.port)) for _ in range(20)]
        for line in readers:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(b"GET /patients HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        begin = time.monotonic()
        while time.monotonic() - begin < 4:
            for line in readers:
                line.recv(4096)
            slowest = max(slowest, ask(server.port, "GET", "/patients/f5").seconds)
            peak = max(peak, server.rss())
    print(f"20 slow readers of {ROWS}: {before:.0f} -> {peak:.0f} MiB; beside them the slowest answer {slowest:.2f} s")
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
def test_a_large_list_is_whole_and_in_order(client: Client, many: None, table: Table, query: str, order: str) -> None:
    answer = client.ask("GET", f"/patients{query}")
    assert answer.status == 200
    assert "etag" not in answer.headers
    expected = table.execute(f"SELECT id FROM patients ORDER BY {order}".encode()).fetchall()
    assert [(row["id"],) for row in answer.json()] == expected


def test_a_large_page_keeps_its_envelope_and_headers(client: Client, many: None) -> None:
    page = client.ask("GET", "/patients?_page=2&_per_page=40000").json()
    assert {name: page[name] for name in page if name != "data"} == {
        "first": 1, "prev": 1, "next": 3, "last": 3, "pages": 3, "items": ROWS,
    }  # fmt: skip
    assert [row["id"] for row in page["data"]] == [f"f{number}" for number in range(40_001, 80_001)]
    slice_ = client.ask("GET", "/patients?_start=10&_end=60000")
    assert slice_.headers["x-total-count"] == str(ROWS)
    assert len(slice_.json()) == 59_990


def test_a_list_of_large_patients_goes_out_in_parts(client: Client) -> None:
    """Few rows, but 20 MB of them: what cannot be compressed counts as it is."""
    chance = random.Random(1)
    for number in range(100):
        client.ask("POST", "/patients", person(f"l{number}") | {"photo": chance.randbytes(100_000).hex()})
    answer = client.ask("GET", "/patients")
    assert "etag" not in answer.headers
    assert [len(row["photo"]) for row in answer.json()] == [200_000] * 100


def test_a_list_that_cannot_be_finished_is_cut(server: Server, many: None, postgres: Postgres) -> None:
    with connect(server.port) as line:
        line.sendall(b"GET /patients HTTP/1.1\r\nHost: a\r\n\r\n")
        said = line.recv(4096)
        postgres.kill()
        said += read_all(line)
    postgres.start()
    assert said.startswith(b"HTTP/1.1 200 ")
    assert not said.endswith(b"0\r\n\r\n")
    assert said.count(b'"id"') < ROWS


def person(key: str) -> dict[str, object]:
    text = '{"name": "Secretia", "age": 1, "gender": "Other", "medicalCondition": "Morbus", "lastVisit": "2024-01-15"}'
    return {"id": key, "patientID": key, **json.loads(text)}
