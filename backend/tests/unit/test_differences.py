"""Each row of the table of differences: what it is about, and what it must never explain."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from app.cutover.comparable import Comparable, same
from app.cutover.comparing import shapes
from app.cutover.differences import DIFFERENCES, Difference, Exchange, explanations
from app.cutover.differences.exchange import NOTHING, Shape
from tests.contract.faults import faulty
from tests.engine.related import declared

_ALIKE = {"age": 45, "ward": "7", "tags": ["red"], "doctor": {"name": "Osa"}, "blank": "", "nil": None}
RECORDS = [
    {"id": f"a{number}", "name": name, "note": note, **_ALIKE}
    for number, (name, note) in enumerate((("Ana", ""), ("Bo", None), ("Zoë \U0001f600", "x")))
]
DOCTORS = Shape("doctors")
PATIENTS = Shape(
    "patients",
    texts=frozenset({"id", "name", "note"}),
    numbers=frozenset({"age"}),
    unique=frozenset({"id"}),
    noun="patient",
)
WHERE = "/patients?_where=" + json.dumps({"age": {"gte": 1}})


class About(NamedTuple):
    """A request of which the row explains something, sent with a body of this media type."""

    target: str
    method: str = "GET"
    body: Any = None
    media_type: str = "application/json"


# One or several for each row; where it is about a list, both servers find the three records by it.
ABOUT: Mapping[str, tuple[About, ...]] = {
    "foreign-parameters": (About(WHERE), About("/patients?_sort=-name&_per_page=9"), About("/patients?q=a&_limit=3")),
    "unknown-keys": (About("/patients?_=1"), About("/patients?nobody_has_it=1")),
    "operators-behind-declared-fields": (About("/patients?ward_in=7"),),
    "empty-values": (About("/patients?blank="), About("/patients?name_ne=")),
    "repeated-parameters": (About("/patients?age_gte=1&age_gte=2"), About("/patients?ward=7&ward=7")),
    "brackets": (About("/patients?ward[0]=7"), About("/patients?name[x]=1")),
    "age-by-value": (About("/patients?age=45&age=045"),),
    "null-by-name": (About("/patients?ward=7&ward=null"),),
    "elements": (About("/patients?tags:contains=red"),),
    "words-in-bounds": (About("/patients?age:gt=true"),),
    "number-prefixes": (About("/patients?age=45"), About("/patients?age_lt=46.5")),
    "text-ranges": (About("/patients?name_gte=A"),),
    "numbers-in-text": (About("/patients?ward:ne=8"), About("/patients?ward_gte=5")),
    "absent-fields": (About("/patients?nil_ne=1"), About("/patients?tags_ne=1")),
    "forgiving": (About("/patients?ward:similar=7"), About("/patients?q=7&_sort=-_score")),
    "deleted-record": (About("/patients/a1", "DELETE"),),
    "unstorable-values": (About("/patients?name_gte=%00"),),
    "question-marks": (About("/patients?name:ne=x?y"),),
    "patterns": (About("/patients?name_like=(?=a)"), About("/patients?name_like=(")),
    "sorting-twice": (About("/patients?_sort=name&_sort=age"),),
    "order-of-slices": (About("/patients?_sort=name&_limit=5"),),
    "falsy-values": (About("/patients?_sort=note"), About("/patients?_sort=note&_page=1&_limit=3")),
    "odd-slices": (About("/patients?_start=0&_end=x"),),
    "page-with-slice": (About("/patients?_page=1&_limit=5"),),
    "odd-pages": (About("/patients?_page=0"), About("/patients?_page=1&_limit=-1")),
    "page-sizes-below-1": (About("/patients?_page=1&_per_page=0"),),
    "links-of-repeated-pages": (About("/patients?_page=1&_page=2"),),
    "pages-of-nothing": (About("/patients?_page=1"),),
    "code-points": (About("/patients?_sort=name"),),
    "scripts": (About("/patients?callback=f"),),
    "validation": (About("/patients", "POST", {"age": "x"}), About("/patients/a1", "PUT", {})),
    "arrays": (About("/patients", "POST", [{"name": "x"}]),),
    "taken-ids": (About("/patients", "POST", {"id": "a1"}),),
    "unique-patient-ids": (About("/patients", "POST", {"id": "a1"}),),
    "own-ids": (About("/patients", "POST", {"id": "a1"}),),
    "generated-ids": (About("/patients", "POST", {"name": "x"}),),
    "locations": (About("/patients/", "POST", {"name": "x"}),),
    "wrong-methods": (About("/patients", "DELETE"),),
    "media-types": (About("/patients", "POST", None, "text/plain"),),
    "json-types": (About("/patients/a1", "PATCH", {"age": 5}, "application/merge-patch+json"),),
    "form-numbers": (About("/patients", "POST", {"age": "5"}), About("/patients")),
    "empty-ids": (About("/patients", "POST", {"id": ""}),),
    "large-bodies": (About("/patients", "POST", {"note": "x" * 200_000}),),
    "broken-json": (About("/patients", "POST", b"{"),),
    "head": (About("/patients", "HEAD"),),
    "addresses": (About("/PATIENTS"), About("/patients/a1/patients"), About("/patients/a1"), About("/patients")),
    "whole-database": (About("/db"),),
    "doubled-slashes": (About("//patients"),),
    "undecodable-addresses": (About("/patients/50%"), About("/patients/a1")),
    "missing-parents": (About("/patients?_expand=doctor"),),
    "fields-of-what-is-embedded": (About("/patients?_embed=doctor&doctor.name=Osa"),),
    "filled-keys": (About("/doctors/1/patients", "POST", {"name": "x"}),),
    "orphans": (About("/patients/a1", "DELETE"),),
    "null-keys": (About("/patients/a1?_dependent=visits", "DELETE"),),
}
EACH = [(row, version, about) for row in DIFFERENCES for version in row.releases for about in ABOUT[row.name]]


def test_every_row_is_looked_at() -> None:
    assert [row.name for row in DIFFERENCES if row.name not in ABOUT] == []
    assert len({row.name for row in DIFFERENCES}) == len(DIFFERENCES) == len(ABOUT)


def asked(version: Any, about: About, theirs: Comparable, ours: Comparable) -> Exchange:
    return Exchange(
        version, about.method, about.target, about.body, theirs, ours, about.media_type, (PATIENTS, Shape("doctors"))
    )


@pytest.mark.parametrize(("row", "version", "about"), EACH, ids=lambda one: getattr(one, "name", None))
def test_no_row_explains_a_record_that_is_missing_extra_or_changed(row: Difference, version: Any, about: About) -> None:
    """In a list, by the row's own requests and in a GET of the record; nor one that a write has made otherwise."""
    listed = Comparable(200, RECORDS, "3", {})
    one = Comparable(200, RECORDS[1], None, {}, "/patients/a1")
    lists = faulty(asked(version, about._replace(method="GET"), listed, listed))
    items = faulty(asked(version, About("/patients/a1"), one, one))
    faults = [*lists, *items, *_made_otherwise(version, about)]
    assert faults
    assert [(fault.target, fault.theirs, fault.ours) for fault in faults if levelled(row, fault)] == []
    assert [rows for fault in faults if (rows := explanations(fault))] == []


def levelled(row: Difference, exchange: Exchange) -> bool:
    reduced = row.reduced(exchange)
    return same(reduced.theirs, reduced.ours)


def _made_otherwise(version: Any, about: About) -> list[Exchange]:
    """Both have made a record of what was sent, one of them another."""
    made = {"id": "a1", "name": "x", "age": 7}
    if about.method not in ("POST", "PUT", "PATCH"):
        return []
    both = asked(version, about, Comparable(201, made), Comparable(201, made | {"name": "another"}))
    return [both, replace(both, ours=Comparable(404)), replace(both, theirs=Comparable(404))]


def test_a_lost_patient_is_no_address_too_many() -> None:
    """What the rows of the contract tests alone explained: 404 here, 200 there."""
    there, gone = Comparable(200, RECORDS[0]), Comparable(404)
    for address in ("/patients/a0", "/patients/a0?_embed=visits", "/patients"):
        for version in ("0.17.4", "1.0.0-beta.3", "1.0.0-beta.15"):
            assert explanations(asked(version, About(address), there, gone)) == []
    assert [row.name for row in explanations(asked("0.17.4", About("/PATIENTS"), there, gone))] == ["addresses"]


def test_a_failing_side_is_no_undecodable_address() -> None:
    failing, refused = Comparable(500), Comparable(400)
    assert explanations(asked("0.17.4", About("/patients/a0"), failing, refused)) == []
    assert explanations(asked("0.17.4", About("/patients/%zz"), failing, refused)) != []


def test_true_is_not_1() -> None:
    yes, one = Comparable(200, [{"id": "a", "done": True}]), Comparable(200, [{"id": "a", "done": 1}])
    assert not same(yes, one)


def test_rows_know_any_resource() -> None:
    numbered = shapes(tuple(declared(numbers=True)))
    visits = next(one for one in numbered if one.path == "visits")
    assert (visits.numbers, visits.numbered, visits.noun) == (frozenset({"patientId"}), False, "visit")
    theirs, ours = Comparable(200, [{"id": "v", "patientId": "7"}]), Comparable(200, [{"id": "v", "patientId": 7}])
    exchange = Exchange("0.17.4", "GET", "/visits", None, theirs, ours, shapes=numbered)
    assert [row.name for row in explanations(exchange)] == ["form-numbers"]
    assert replace(exchange, target="/nothing").shape is NOTHING
