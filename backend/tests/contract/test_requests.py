"""The same request to a real json-server and to this server: equal answers, or a difference that the table explains."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from app.cutover.comparable import same
from app.cutover.comparing import shapes
from app.cutover.differences import DIFFERENCES, Exchange
from app.cutover.differences.relating import RELATING
from app.resources import RESOURCES
from tests.contract.answers import Version, comparable
from tests.contract.cases import GROUPS
from tests.contract.evidence import Evidence
from tests.contract.pair import Pair
from tests.contract.records import PATIENTS
from tests.contract.servers import RELEASES, json_server, our_server
from tests.contract.write_cases import ASTRAL, BASE, CASES, EMPTY_IDS, NEW, Case
from tests.needs import needed

_ALL_TESTS = len(RELEASES) * (len(GROUPS) + len(CASES) + 4)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence()


@pytest.mark.parametrize("version", RELEASES)
@pytest.mark.parametrize("group", GROUPS)
def test_lists(group: str, version: Version, pairs: Mapping[Version, Pair], evidence: Evidence) -> None:
    pairs[version].reset(PATIENTS)
    evidence.judge(pairs[version].exchange("GET", f"/patients?{query}") for query in map(_braced, GROUPS[group]))


@pytest.mark.parametrize("version", RELEASES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.target}")
def test_items_and_writes(case: Case, version: Version, pairs: Mapping[Version, Pair], evidence: Evidence) -> None:
    if version == "0.17.4" and case.beyond_repair:
        return evidence.judge([])
    pair = pairs[version]
    pair.reset(BASE)
    exchange = pair.exchange(*case)
    after = pair.exchange("GET", "/patients")
    if same(exchange.theirs, exchange.ours) and not same(after.theirs, after.ours):
        exchange = replace(exchange, theirs=exchange.theirs._replace(body=["afterwards", after.theirs.body]))
    return evidence.judge([exchange])


@pytest.mark.parametrize("version", RELEASES)
def test_the_first_record_of_an_empty_list(version: Version, pairs: Mapping[Version, Pair], evidence: Evidence) -> None:
    pairs[version].reset([])
    evidence.judge([pairs[version].exchange("POST", "/patients", NEW)])


@pytest.mark.parametrize("version", RELEASES)
def test_characters_beyond_the_basic_plane(version: Version, pairs: Mapping[Version, Pair], evidence: Evidence) -> None:
    pairs[version].reset([NEW | {"id": f"n{n}", "patientID": f"N{n}", "name": name} for n, name in enumerate(ASTRAL)])
    queries = ("_sort=name", "_sort=name&_order=desc", "_sort=-name", "q=%F0%9F%98%80", "name=%F0%9F%98%80")
    evidence.judge(pairs[version].exchange("GET", f"/patients?{query}") for query in queries)


@pytest.mark.parametrize("version", RELEASES)
def test_empty_ids(
    version: Version, node: Path, copy_of_template: Callable[[], str], tmp_path: Path, evidence: Evidence
) -> None:
    """On servers of its own: beta.3 stores records that nothing can delete."""
    theirs = json_server(version, node, {"patients": [PATIENTS[0]]}, tmp_path / "json-server")
    with theirs as one, our_server(RELEASES[version].dialect, copy_of_template()) as other:
        assert other.send("POST", "/patients", PATIENTS[0]).status == 201
        pair = Pair(version, one, other, [PATIENTS[0]])
        bodies = [NEW | {"patientID": f"N{number}", "id": empty} for number, empty in enumerate(EMPTY_IDS)]
        evidence.judge(pair.exchange("POST", "/patients", body) for body in bodies)


@pytest.mark.parametrize("version", RELEASES)
def test_an_id_that_a_record_brings(version: Version, pairs: Mapping[Version, Pair], evidence: Evidence) -> None:
    """As it is answered: a pair translates ids."""
    pair, body = pairs[version], NEW | {"id": "own-2", "patientID": "N2"}
    pair.reset([])
    pair.forget()
    theirs, ours = (comparable(version, one.send("POST", "/patients", body)) for one in (pair.theirs, pair.ours))
    exchange = Exchange(version, "POST", "/patients", body, theirs, ours, shapes=shapes(RESOURCES))
    evidence.judge([exchange])


def test_every_difference_is_shown(evidence: Evidence) -> None:
    needed(evidence.tests >= _ALL_TESTS, "only a part of the requests was sent")
    table = {(row.name, version) for row in DIFFERENCES if row not in RELATING for version in row.releases}
    assert table == evidence.shown


def _braced(query: str) -> str:
    """`exchange` takes {0} for an id; a query's own braces are doubled."""
    return query.replace("{", "{{").replace("}", "}}")
