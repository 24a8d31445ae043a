"""What docs/json-server-compatibility.md says beside its table, each line beside the real json-server."""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from tests.contract.answers import Answer, Version
from tests.contract.pair import Pair, Record
from tests.contract.servers import RELEASES
from tests.contract.write_cases import NEW

Pairs = Mapping[Version, Pair]

NUMBERED = [NEW | {"id": number, "patientID": f"N{number}"} for number in (1, 10, 2)]
UNDECLARED: list[Record] = [
    {"name": "a", "score": 5, "tags": ["b"]},
    {"name": "b", "score": 10, "tags": {"x": 1}},
    {"name": "c", "score": 2.5},
    {"name": "d", "score": "7", "tags": ["a"]},
    {"name": "e", "score": -3},
]
MIXED = [NEW | {"patientID": fields["name"]} | fields for fields in UNDECLARED]


@pytest.fixture(params=RELEASES)
def pair(request: pytest.FixtureRequest, pairs: Pairs) -> Iterator[Pair]:
    """Empty before and after."""
    pair = pairs[request.param]
    pair.forget()
    pair.reset([])
    yield pair
    pair.forget()
    pair.reset([])


only_0_17 = pytest.mark.parametrize("pair", ["0.17.4"], indirect=True)


def both(pair: Pair, method: str, target: str, body: Any = None, headers: Any = None) -> list[Answer]:
    return [server.send(method, target, body, headers) for server in (pair.theirs, pair.ours)]


def hold(pair: Pair, records: Sequence[Record]) -> None:
    for record in records:
        assert [answer.status for answer in both(pair, "POST", "/patients", record)] == [201, 201]


def listed(pair: Pair, query: str, field: str = "id") -> list[list[Any]]:
    return [[record[field] for record in answer.json] for answer in both(pair, "GET", f"/patients?{query}")]


@only_0_17
def test_ids_are_text(pair: Pair) -> None:
    hold(pair, NUMBERED)
    assert listed(pair, "_limit=9") == [[1, 10, 2], ["1", "10", "2"]]
    assert listed(pair, "_sort=id&_order=asc") == [[1, 2, 10], ["1", "10", "2"]]
    assert listed(pair, "id_gte=2") == [[10, 2], ["2"]]
    assert [answer.json["age"] for answer in both(pair, "GET", "/patients/10")] == [30, 30]
    theirs, ours = (answer.json["id"] for answer in both(pair, "POST", "/patients", NEW | {"patientID": "N9"}))
    assert (theirs, len(ours)) == (11, 16)


def test_fields_that_mix_types_sort_otherwise(pair: Pair) -> None:
    hold(pair, MIXED)
    assert listed(pair, "_sort=score", "name") == [["e", "c", "a", "d", "b"], ["e", "c", "a", "b", "d"]]
    theirs, ours = listed(pair, "_sort=tags", "name")
    assert theirs != ours == ["a", "b", "c", "d", "e"]


@only_0_17
def test_headers_that_differ(pair: Pair) -> None:
    theirs, ours = both(pair, "POST", "/patients", NEW | {"id": "x"})
    assert (theirs.headers["location"].endswith("/patients/x"), ours.headers["location"]) == (True, "/patients/x")
    assert theirs.headers["location"].startswith("http://")
    theirs, ours = both(pair, "GET", "/patients?_page=1&_limit=5", None, {"Origin": "http://a.example"})
    assert (theirs.headers["link"], ours.headers.get("link")) == ("", None)
    allowed = [answer.headers.get("access-control-allow-credentials") for answer in (theirs, ours)]
    assert allowed == ["true", None]


@only_0_17
def test_compressed_bodies(pair: Pair) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answers = both(pair, "POST", "/patients", gzip.compress(json.dumps(NEW).encode()), headers)
    assert [answer.status for answer in answers] == [201, 415]


@only_0_17
def test_the_order_of_undeclared_fields(pair: Pair) -> None:
    answers = both(pair, "POST", "/patients", NEW | {"id": "x", "ward": 1, "bed": 2})
    assert [list(answer.json)[-2:] for answer in answers] == [["ward", "bed"], ["bed", "ward"]]
