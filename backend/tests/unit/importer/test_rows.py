"""From a record's bytes to a row: the short way and the full check agree, digests see every difference."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importer.check import Checked, examine, ordinary_row
from app.importer.ordinary import Ordinary, fields, key_offsets
from app.importer.seen import Seen
from app.importer.verify import digest
from app.resource.javascript import BLANKS
from app.resource.record import InvalidRecord

GOOD: dict[str, Any] = {
    "id": "1",
    "patientID": "P1",
    "name": "Zoë",
    "age": 45,
    "gender": "Male",
    "medicalCondition": "Asthma",
    "lastVisit": "2024-01-15",
}

# Near the rules: some are good, some just not.
LENGTHS = [letter * length for letter in "xé" for length in (25, 26, 50, 51, 127, 128, 255, 256)]
TEXTS = [*BLANKS, *(blank + "a" for blank in BLANKS), *LENGTHS, "", "\u200b", "\u0085", "😀", "\x7f"]
EDGES: dict[str, list[Any]] = {
    "id": [*TEXTS, 7],
    "patientID": TEXTS,
    "name": TEXTS,
    "age": [-1, 0, 1, 99, 2**31 - 1, 2**31, 9_999_999_999, 10**10, 4.0, 4.5, "4", True, None],
    "gender": ["Male", "Female", "Other", "male", "", None],
    "medicalCondition": TEXTS,
    "lastVisit": [
        f"{year:04}-{month:02}-{day:02}"
        for year in (0, 1, 1900, 2023, 2024)
        for month in range(14)
        for day in range(33)
    ],
}
CHARACTERS = st.sampled_from(BLANKS + 'ab"\\\x7fé李😀\u0001')


def examined(raw: bytes) -> Checked | None:
    try:
        return examine(raw)
    except InvalidRecord:
        return None


def demand_agreement(record: dict[str, Any], order: list[str]) -> None:
    """What is taken for ordinary passes the full check, and as the same row."""
    raw = json.dumps({name: record[name] for name in order}, ensure_ascii=False).encode()
    ordinary = Ordinary()
    ordinary.learn(order)
    if match := ordinary.match(raw + b" ,\n", 0):
        checked = examined(raw)
        assert checked
        assert ordinary_row(fields(match)) == checked.row
        assert not checked.warnings


@pytest.mark.parametrize("name", EDGES)
def test_what_is_taken_for_ordinary_passes_the_full_check_at_every_edge(name: str) -> None:
    for value in EDGES[name]:
        demand_agreement(GOOD | {name: value}, list(GOOD))


@given(st.text(CHARACTERS, max_size=4), st.text(CHARACTERS, max_size=4), st.permutations(list(GOOD)))
def test_what_is_taken_for_ordinary_passes_the_full_check(name: str, record_id: str, order: list[str]) -> None:
    demand_agreement(GOOD | {"name": name, "id": record_id}, order)


@pytest.mark.parametrize("name", ["A", "Zoë", "李雷", "x" * 255, "O'Neil / Søn, Jr.", "😀"])
def test_plain_names_are_ordinary(name: str) -> None:
    raw = json.dumps(GOOD | {"name": name}, ensure_ascii=False, indent=2).encode()
    match = Ordinary().match(raw + b",", 0)
    assert match
    assert [raw[at : at + 4] for at in key_offsets(match)] == [b'"1",', b'"P1"']


@pytest.mark.parametrize("without", GOOD)
def test_a_record_with_more_or_fewer_fields_is_not_ordinary(without: str) -> None:
    ordinary = Ordinary()
    fewer = {name: value for name, value in GOOD.items() if name != without}
    ordinary.learn(list(fewer))
    for record in (fewer, GOOD | {"more": 1}, fewer | {without.upper(): GOOD[without]}):
        assert not ordinary.match(json.dumps(record, ensure_ascii=False).encode() + b",", 0)


def test_a_file_has_few_orders() -> None:
    ordinary = Ordinary()
    names = list(GOOD)
    turned = [names[at:] + names[:at] for at in range(7)]
    for order in turned:
        ordinary.learn(order)
    texts = [json.dumps({name: GOOD[name] for name in order}, ensure_ascii=False).encode() + b"," for order in turned]
    assert [bool(ordinary.match(text, 0)) for text in texts] == [True] * 4 + [False] * 3


def test_an_id_that_is_missing_is_made_from_the_patient_id_alone() -> None:
    ids = {examine(json.dumps(GOOD | change).encode()).row.id for change in ({"id": None}, {"id": None, "name": "x"})}
    assert ids == {b"fbeae7c18667b698"}


ROW = b"7\t1\tP1\tZo\xc3\xab\t45\tMale\tAsthma\t2024-01-15\t"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a":1,"b":[1,2]}', b'{"b": [1, 2], "a": 1}'),
        (b'{"a":1e2}', b'{"a": 100}'),
        (b'{"a":1.50}', b'{"a": 1.5}'),
        (b'{"a":1.5e300}', b'{"a": 15' + b"0" * 299 + b"}"),
        (b'{"a":-0.0}', b'{"a": 0.0}'),
        (b'{"a":"\\\\\\\\ \\\\n"}', b'{"a": "\\\\\\\\ \\\\n"}'),
    ],
)
def test_a_digest_takes_extra_by_value(one: bytes, other: bytes) -> None:
    assert digest(ROW + one + b"\n") == digest(ROW + other + b"\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"{}", b'{"a":1}'),
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":1}', b'{"a":true}'),
        (b'{"a":0}', b'{"a":false}'),
        (b'{"a":null}', b'{"a":"null"}'),
        (b'{"a":[]}', b'{"a":{}}'),
        (b'{"a":[1,2]}', b'{"a":[2,1]}'),
        (b'{"a":12345678901234567890}', b'{"a":12345678901234567891}'),
        (b'{"a":0.1}', b'{"a":0.10000000000000001}'),
    ],
)
def test_a_digest_tells_values_apart(one: bytes, other: bytes) -> None:
    assert digest(ROW + one + b"\n") != digest(ROW + other + b"\n")


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_digest_tells_rows_apart(one: bytes, other: bytes) -> None:
    assert (digest(one + b"\t{}\n") == digest(other + b"\t{}\n")) == (one == other)


def test_no_key_that_was_seen_is_new() -> None:
    seen = Seen()
    keys = [str(number).encode() for number in range(10_000)]
    maybe = sum(seen.before(key, key) for key in keys)
    assert maybe < 10
    assert all(seen.before(key, b"new %b" % key) and seen.before(b"new2 %b" % key, key) for key in keys)
