"""Random sequences of requests to a real json-server and to ours, from the same state: equal answers throughout."""

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from app.cutover.comparable import same
from app.cutover.differences import Exchange, explanations
from app.resource import javascript
from tests.contract.answers import Version
from tests.contract.cases import UNTYPED
from tests.contract.pair import Pair
from tests.contract.records import PATIENTS
from tests.contract.servers import RELEASES
from tests.torture import amount

BASE = [PATIENTS[place] for place in (0, 1, 3, 7, 8)]

Pairs = list[tuple[str, str]]


class Step(NamedTuple):
    """One request. `place` chooses the record, of all that ever were; `fields` is the body."""

    method: str
    query: str = ""
    place: int = 0
    fields: Mapping[str, Any] | None = None


# --- patients

LETTERS = "aAbBzZéÉåøÄßñΩωςΣдДйЖ李雷 -'.9_%"
names = st.text(LETTERS, min_size=1, max_size=8).filter(str.strip)
ages = st.integers(1, 120) | st.just(2**31 - 1)
days = st.dates().map(str) | st.sampled_from([patient["lastVisit"] for patient in PATIENTS])
scalars = st.sampled_from([None, True, False, 0, 5, 2.5, -1, "", "Insulin", "insulin", "5", "a,b", '"x"', "[", "\\"])
mixed = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner), max_leaves=6
)
undeclared = st.fixed_dictionaries(
    {},
    optional={
        "ward": st.sampled_from(["North", "east", "10"]),
        "score": st.sampled_from([0, 1, 2.5, 10]),
        "medications": st.lists(scalars, max_size=3),
        "mixed": mixed,
    },
)
fields = {
    "name": names,
    "age": ages,
    "gender": st.sampled_from(["Female", "Male", "Other"]),
    "medicalCondition": st.sampled_from(["Asthma", "asthma", "Ödem", "50% burn"]) | names,
    "lastVisit": days,
}
patients = st.builds(lambda one, more: one | more, st.fixed_dictionaries(fields), undeclared)
changes = st.builds(lambda one, more: one | more, st.fixed_dictionaries({}, optional=fields), undeclared)
places = st.integers(0, 20)

# --- list requests: what each release knows

TEXTS = ("name", "gender", "medicalCondition", "lastVisit", "patientID")
words = st.sampled_from(["anna", "Anna", "a", "É", "ω", "Male", "Asthma", "2024", "2024-01-15", "o'", "P00"]) | names
numbers = ages.map(str) | st.sampled_from(["0", "-1", "45", "45.5", "99999999999", "abc"])
keys = st.sampled_from(["name", "age", "gender", "lastVisit", "medicalCondition", "nothing"])
sizes = st.sampled_from(["1", "2", "3", "10", "100", "", "x"])
edges = st.integers(-9, 9).map(str)
held = st.sampled_from(
    [
        "", "Insulin", "insulin", "5", "2.5", "-1", "true", "a,b", ",", ",,", "0,5", "Insulin,5", '"x"', "[",
        "[object Object]",
    ]
) | st.lists(scalars, max_size=3).map(javascript.text)  # fmt: skip
PATTERNS = ("^a", "a$", "[aeé]", r"\bm", "(an|o)+", "a.b", r"\d{2}", "x|y", r"[^a-z]", ".+", r"\w\s\w", "Ω")


def parameter(name: st.SearchStrategy[str] | str, value: st.SearchStrategy[str]) -> st.SearchStrategy[Pairs]:
    named = st.just(name) if isinstance(name, str) else name
    return st.builds(lambda key, text: [(key, text)], named, value)


def suffixed(fields: tuple[str, ...], *suffixes: str) -> st.SearchStrategy[str]:
    return st.builds(lambda field, suffix: field + suffix, st.sampled_from(fields), st.sampled_from(suffixes))


def sorted_by(key: st.SearchStrategy[str]) -> st.SearchStrategy[Pairs]:
    return parameter("_sort", st.lists(key, min_size=1, max_size=3).map(",".join))


def together(*parts: st.SearchStrategy[Pairs]) -> st.SearchStrategy[Pairs]:
    return st.tuples(*parts).map(lambda found: [pair for part in found for pair in part])


signed = st.builds(lambda sign, key: sign + key, st.sampled_from(["", "-"]), keys)
equal = parameter(suffixed(TEXTS, "", "_ne"), words) | parameter(suffixed(("age",), "", "_ne"), numbers)
page_of_1 = together(parameter("_page", edges), parameter("_per_page", sizes)) | parameter("_page", edges)

KNOWN: Mapping[Version, tuple[st.SearchStrategy[Pairs], ...]] = {
    "0.17.4": (
        equal,
        parameter(suffixed((*TEXTS, "id"), "_gte", "_lte"), words),
        parameter(suffixed(("age", "score"), "_gte", "_lte"), numbers),
        parameter(suffixed((*TEXTS, "age", "ward"), "_like"), st.sampled_from(PATTERNS)),
        parameter("q", words | numbers),
        parameter(suffixed(UNTYPED, "", "_ne", "_gte", "_lte"), held),
        parameter(suffixed(UNTYPED, "_like"), st.sampled_from((*PATTERNS, "^ins", ",", "^$", r"\[object"))),
        parameter(suffixed(("ward", "score"), "", "_ne"), st.sampled_from(["North", "10", "2.5", "x"])),
        parameter(st.sampled_from(["_unknown", "unknown"]), words),
        sorted_by(keys),
        together(sorted_by(keys), parameter("_order", st.sampled_from(["asc", "desc", "DESC", "desc,asc", "up"]))),
        together(parameter("_page", st.sampled_from(["1", "2", "3", "9"])), parameter("_limit", sizes)),
        parameter("_page", st.sampled_from(["1", "2"])),
        together(parameter("_start", edges), parameter("_end", edges)),
        together(parameter("_start", edges), parameter("_limit", edges)),
        parameter("_limit", edges),
    ),
    "1.0.0-beta.3": (
        equal,
        parameter(suffixed(("age",), "_gte", "_lte", "_gt", "_lt"), ages.map(str)),
        parameter(suffixed(("name", "age"), "", "_gte", "_lt"), st.just("")),
        parameter(st.sampled_from(["_unknown", "unknown"]), words),
        sorted_by(signed),
        page_of_1,
        together(parameter("_start", edges), parameter("_end", edges)),
        together(parameter("_start", edges), parameter("_limit", edges)),
    ),
    "1.0.0-beta.15": (
        equal,
        parameter(suffixed(("age",), "_gte", ":lte", ":gt", "_lt", ":eq", ":ne", ":in"), numbers),
        parameter(suffixed(TEXTS, ":eq", ":ne", ":in", ":gte", ":lt", "_gt", "_lte"), words),
        parameter(suffixed((*TEXTS, "ward", "age"), ":contains", ":startsWith", ":endsWith"), words),
        parameter(suffixed(("score",), "", ":gte", ":lt", ":eq", ":ne"), st.sampled_from(["0", "1", "2.5", "x"])),
        sorted_by(signed),
        page_of_1,
    ),
}

# --- _where

tests = st.one_of(
    st.builds(lambda op, v: {"age": {op: v}}, st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "in"]), ages),
    st.builds(
        lambda field, op, v: {field: {op: v}},
        st.sampled_from(TEXTS),
        st.sampled_from(["eq", "ne", "gte", "lt", "contains", "startsWith", "endsWith", "in"]),
        words,
    ),
    st.builds(lambda values: {"name": {"in": values}}, st.lists(words, max_size=3)),
    st.builds(lambda op, v: {"score": {op: v}}, st.sampled_from(["eq", "ne", "gt"]), st.sampled_from([0, 1, 2.5])),
    st.just({"age": 45}),
    st.just({"name": {}}),
)
wheres: st.SearchStrategy[dict[str, Any]] = st.recursive(
    tests,
    lambda inner: st.builds(lambda one, groups: one | {"or": groups}, tests, st.lists(inner, max_size=3)),
    max_leaves=5,
)


def queries(version: Version) -> st.SearchStrategy[str]:
    plain = st.lists(st.one_of(*KNOWN[version]), max_size=4).map(lambda parts: urlencode([*chain(*parts)]))
    if version != "1.0.0-beta.15":
        return plain
    return plain | st.builds(lambda document: urlencode({"_where": json.dumps(document)}), wheres)


def steps(version: Version) -> st.SearchStrategy[Step]:
    lists = queries(version).map(lambda query: Step("GET", query, -1))
    items = st.one_of(
        patients.map(lambda body: Step("POST", fields=body)),
        st.tuples(places, patients).map(lambda put: Step("PUT", "", *put)),
        st.tuples(places, changes).map(lambda patch: Step("PATCH", "", *patch)),
        places.map(lambda place: Step("DELETE", "", place)),
        places.map(lambda place: Step("GET", "", place)),
    )
    return st.one_of(lists, lists, lists, items)


# --- running them


class Writer:
    """Makes the bodies of one sequence: patientIDs that differ, and ids where the release keeps them."""

    def __init__(self, version: Version) -> None:
        self.keeps_ids = version != "1.0.0-beta.15"
        self.count = 0

    def body(self, step: Step) -> Mapping[str, Any] | None:
        if step.method in ("GET", "DELETE"):
            return None
        self.count += 1
        own = {"id": f"own{self.count}"} if step.method == "POST" and self.keeps_ids else {}
        number = {"patientID": f"N{self.count}"} if step.method != "PATCH" else {}
        return {**(step.fields or {}), **number, **own}


def target(step: Step, pair: Pair) -> str:
    if step.method == "POST":
        return "/patients"
    if step.place < 0:
        return "/patients?" + step.query.replace("{", "{{").replace("}", "}}")
    return f"/patients/{{{step.place % len(pair.ids)}}}"


@pytest.mark.parametrize("version", RELEASES)
def test_sequences(version: Version, pairs: Mapping[Version, Pair]) -> None:
    pair = pairs[version]

    @settings(max_examples=amount(40, 1_000), suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(steps(version), min_size=1, max_size=8))
    def answered_alike(sequence: list[Step]) -> None:
        pair.reset(BASE)
        writer = Writer(version)
        for step in [*sequence, Step("GET", place=-1)]:
            exchange = pair.exchange(step.method, target(step, pair), writer.body(step))
            note(f"{exchange.method} {exchange.target} {exchange.body}")
            assert same(exchange.theirs, exchange.ours) or explanations(exchange) or nobody_has_it(exchange, pair)

    answered_alike()


def nobody_has_it(exchange: Exchange, pair: Pair) -> bool:
    """Whether a filter is on a field that the sequence has deleted with its last record: the row `unknown-keys`."""
    records = pair.ours.send("GET", "/patients").json
    fields = {one.field.partition(".")[0] for one in exchange.filters}
    return any(all(field not in record for record in records) for field in fields)
