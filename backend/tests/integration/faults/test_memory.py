"""Memory stays flat, whatever is asked for how long."""

import json
import random
from itertools import cycle
from typing import Any

import psycopg

from tests.integration.faults.wire import Client
from tests.servers import Server
from tests.torture import amount

Table = psycopg.Connection[Any]


def test_a_long_mixed_load_does_not_grow(server: Server, client: Client) -> None:
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
    for number in range(amount(2_500, 240_000)):
        answer = client.ask(*next(steps))
        assert answer.status in (200, 201, 400, 404)
        if number >= 1_000 and number % 500 == 0:  # the first thousand fill caches
            sizes.append(server.rss())
    print(f"mixed load: {sizes[0]:.1f} -> {sizes[-1]:.1f} MiB, most {max(sizes):.1f}")
    assert max(sizes) - sizes[0] < 20


def test_a_list_of_large_patients_goes_out_in_parts(client: Client) -> None:
    """Few rows, but 20 MB of them: what cannot be compressed counts as it is."""
    chance = random.Random(1)
    for number in range(100):
        client.ask("POST", "/patients", person(f"l{number}") | {"photo": chance.randbytes(100_000).hex()})
    answer = client.ask("GET", "/patients")
    assert "etag" not in answer.headers
    assert [len(row["photo"]) for row in answer.json()] == [200_000] * 100


def test_patients_that_are_small_on_disk_go_out_in_parts(client: Client) -> None:
    """40 MB, which PostgreSQL stores in less than one."""
    for number in range(40):
        client.ask("POST", "/patients", person(f"l{number}") | {"note": "x" * 1_000_000})
    answer = client.ask("GET", "/patients")
    assert "etag" not in answer.headers
    assert [len(row["note"]) for row in answer.json()] == [1_000_000] * 40


def person(key: str) -> dict[str, object]:
    text = '{"name": "Secretia", "age": 1, "gender": "Other", "medicalCondition": "Morbus", "lastVisit": "2024-01-15"}'
    return {"id": key, "patientID": key, **json.loads(text)}
