"""From a record's bytes to a row: what is taken for plain passes the full check, as the same row, without a warning."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importer.check import Checked, Checker
from app.resource.javascript import BLANKS
from app.resource.record import InvalidRecord
from app.resource.strict_json import MAX_DEPTH
from app.resources import PATIENTS
from tests.engine.declared import THINGS, VISITS
from tests.patients import patient

OURS, EVERY_KIND, NUMBERED = map(Checker, (PATIENTS, THINGS, VISITS))
GOOD: dict[str, Any] = {"id": "1"} | patient()
THING: dict[str, Any] = {
    "id": "1",
    "word": "red",
    "pieces": 3,
    "weight": 1.5,
    "done": True,
    "day": "2024-02-29",
    "any": {"a": [1, {"b": "c: d"}]},
}

# Near the rules: some are good, some just not.
LENGTHS = [letter * length for letter in "xé" for length in (25, 26, 50, 51, 127, 128, 255, 256)]
TEXTS = [
    *BLANKS,
    *(blank + "a" for blank in BLANKS),
    *LENGTHS,
    "",
    "\u200b",
    "\u0085",
    "😀",
    "\x7f",
    "\\N",
    "a:b",
    "\0",
]
NUMBERS = [-1, 0, 1, 99, 2**31 - 1, 2**31, 2**53, 2**63, 10**400, 4.0, 4.5, 1e300, -0.0, "4", "4.5", " 4", True, None]
DAYS = [
    f"{year:04}-{month:02}-{day:02}" for year in (0, 1, 1900, 2023, 2024) for month in range(14) for day in range(33)
]
VALUES = [
    *TEXTS,
    *NUMBERS,
    *DAYS[500:550],
    "true",
    "false",
    [],
    {},
    [[1]],
    {"a": None},
    float("nan"),
    float("inf"),
    0.1 + 0.2,
]
EDGES: dict[str, list[Any]] = {
    "id": [*TEXTS, 7, None],
    "patientID": TEXTS,
    "name": TEXTS,
    "age": NUMBERS,
    "gender": ["Male", "Female", "Other", "male", "", None],
    "medicalCondition": TEXTS,
    "lastVisit": [*DAYS, "2024-01-15T00:00:00Z", "1705276800", 1705276800, "20240115"],
}
CHARACTERS = st.sampled_from(BLANKS + 'ab"\\\x7fé李😀\u0001:')
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def examined(checker: Checker, raw: bytes) -> Checked | None:
    try:
        return checker.examine(raw)
    except InvalidRecord:
        return None


def demand_agreement(checker: Checker, raw: bytes) -> bool:
    """Whether the record is plain."""
    rows = checker.plain(raw)
    if rows is not None:
        assert examined(checker, raw) == Checked(rows[0], [])
        assert len(rows) == 1
    return rows is not None


def written(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode(errors="backslashreplace")


@pytest.mark.parametrize("name", EDGES)
def test_what_is_taken_for_plain_passes_the_full_check_at_every_edge(name: str) -> None:
    plain = [demand_agreement(OURS, written(GOOD | {name: value})) for value in EDGES[name]]
    assert True in plain
    assert False in plain


@pytest.mark.parametrize("name", [*THINGS.fields])
def test_a_field_of_any_kind_that_is_taken_for_plain_passes_the_full_check(name: str) -> None:
    plain = [demand_agreement(EVERY_KIND, written(THING | {name: value})) for value in VALUES]
    assert True in plain
    assert False in plain


@given(st.text(CHARACTERS, max_size=4), st.text(CHARACTERS, max_size=4), st.permutations(list(GOOD)), st.booleans())
def test_what_is_taken_for_plain_passes_the_full_check(name: str, key: str, order: list[str], escaped: bool) -> None:
    record = GOOD | {"name": name, "id": key}
    demand_agreement(OURS, json.dumps({name: record[name] for name in order}, ensure_ascii=escaped).encode())


@given(ANY, ANY)
def test_any_json_that_is_taken_for_plain_passes_the_full_check(one: object, other: object) -> None:
    demand_agreement(EVERY_KIND, written(THING | {"any": one, "maybeAny": other, "maybeWord": None}))


@given(
    st.integers(0, 200), st.integers(0, 4), st.sampled_from(['"', "\\", "\\u0000", "\\ud800", ",", "}", "1", "é", "e9"])
)
def test_a_broken_record_is_never_plain_unless_it_passes_the_full_check(at: int, length: int, instead: str) -> None:
    text = json.dumps(THING)
    raw = (text[:at] + instead + text[at + length :]).encode()
    if raw.startswith(b"{") and EVERY_KIND.plain(raw) is not None:
        demand_agreement(EVERY_KIND, raw)


@pytest.mark.parametrize("name", ["A", "Zoë", "李雷", "x" * 255, "O'Neil / Søn, Jr.", "😀", 'a "b" \\ c: d\t\n'])
@pytest.mark.parametrize("indent", [None, 2])
def test_plain_names_are_plain_many_at_a_time(name: str, indent: int | None) -> None:
    records = [GOOD | {"name": name}, GOOD]
    text = json.dumps(records, ensure_ascii=False, indent=indent).encode()[1:-1]
    assert OURS.plain(text) == [OURS.examine(written(record)).row for record in records]


UNKEPT = {
    "a name twice": '"day": "2024-02-29", "day": "2024-02-29"',
    "a name twice, with a blank": '"day": "2024-02-29", "day" : "2024-02-29"',
    "a name twice, in escapes": '"day": "2024-02-29", "d\\u0061y": "2024-02-29"',
    "a name twice, deep inside": '"day": "2024-02-29", "maybeAny": [{"a": 1, "a": 1}]',
    "a name twice, in what goes": '"day": "2024-02-29", "maybeAny": {"a": {"b": 1}, "a": {"b": 1}}',
    "no number": '"day": "2024-02-29", "maybeAny": [NaN]',
    "an infinite number": '"day": "2024-02-29", "maybeAny": -Infinity',
    "a number beyond doubles": '"day": "2024-02-29", "maybeAny": 1e999',
    "more digits than a double has": '"day": "2024-02-29", "maybeAny": 0.1234567890123456789012',
    "a NUL": '"day": "2024-02-29", "maybeAny": {"\\u0000": 1}',
    "half a character": '"day": "2024-02-29", "maybeAny": "\\ud800"',
    "too deep": '"day": "2024-02-29", "maybeAny": ' + "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    "not declared": '"day": "2024-02-29", "more": 1',
    "the text of a number": '"day": "2024-02-29", "maybePieces": "1"',
    "the text of true": '"day": "2024-02-29", "maybeDone": "true"',
}


@pytest.mark.parametrize("name", UNKEPT)
def test_what_needs_a_closer_look_is_not_plain(name: str) -> None:
    text = json.dumps(THING).replace('"day": "2024-02-29"', UNKEPT[name])
    assert EVERY_KIND.plain(text.encode()) is None


@pytest.mark.parametrize(
    ("change", "declared", "extra"),
    [
        ({"maybeWord": None}, "\\N", '{"maybeWord":null}'),
        ({"maybeWord": "\\N"}, "\\\\N", "{}"),
        ({"maybeWord": "null"}, "null", "{}"),
        ({}, "\\N", "{}"),
    ],
)
def test_no_value_and_null_and_texts_like_them_are_told_apart(change: Any, declared: str, extra: str) -> None:
    raw = written(THING | change)
    (row,) = EVERY_KIND.plain(raw) or []
    fields = dict(zip(EVERY_KIND.columns, row.rstrip("\n").split("\t"), strict=True))
    assert (fields["maybe_word"], fields["extra"]) == (declared, extra)
    assert row == EVERY_KIND.examine(raw).row


def test_null_is_a_value_where_any_json_is_one() -> None:
    (row,) = EVERY_KIND.plain(written(THING | {"any": None, "maybeAny": None})) or []
    fields = dict(zip(EVERY_KIND.columns, row.rstrip("\n").split("\t"), strict=True))
    assert (fields["any"], fields["maybe_any"], fields["extra"]) == ("null", "\\N", '{"maybeAny":null}')


def made(checker: Checker, record: dict[str, Any]) -> str:
    row = checker.examine(written(record)).row
    return row.split("\t")[checker.columns.index("id")]


def test_an_id_that_is_missing_is_made_from_the_declared_field_alone() -> None:
    assert {made(OURS, GOOD | change) for change in ({"id": None}, {"id": None, "name": "x"})} == {"df1e40051eff4bcf"}


def test_an_id_that_is_missing_is_made_from_the_whole_record_where_no_field_is_declared_for_it() -> None:
    without = {name: value for name, value in THING.items() if name != "id"}
    turned = dict(reversed(without.items()))
    assert made(EVERY_KIND, without) == made(EVERY_KIND, turned) == made(EVERY_KIND, without | {"id": None})
    assert made(EVERY_KIND, without) != made(EVERY_KIND, without | {"word": "blue"})
    assert len(made(EVERY_KIND, without)) == 16


def test_the_table_counts_where_ids_are_numbers() -> None:
    visit = {name: example(name) for name in VISITS.fields if name != "id"}
    ids = [made(NUMBERED, visit | {"id": given}) for given in (7, 0, None)]
    assert ids == ["7", "0", "\\N"]


def example(name: str) -> Any:
    rules = {rule.alias or column: rule for column, rule in VISITS.body.model_fields.items()}
    return (rules[name].examples or [None])[0]
