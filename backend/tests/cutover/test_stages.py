"""Each stage: who answers, who is written, and that both sides are equal afterwards."""

import os
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.contract.answers import Version
from tests.contract.servers import RELEASES
from tests.cutover.trio import Trio, some, trio
from tests.cutover.writers import Ledger
from tests.patients import patient
from tests.servers import wait_until


@pytest.mark.parametrize("version", RELEASES if os.environ.get("TORTURE") == "1" else ["0.17.4", "1.0.0-beta.15"])
def test_the_whole_way(node: Path, copy_of_template: Callable[[], str], tmp_path: Path, version: Version) -> None:
    with trio(version, node, copy_of_template(), tmp_path, some(5)) as three:
        for number, stage in enumerate(("copy", "ramp", "new", "done")):
            for _ in range(8):
                assert three.ask("GET", "/patients").status == 200
            if number:
                wait_until(lambda: three.cutover.facts["compared"].get("equal", 0) >= 5, 5)
            three.cutover.stage(stage, share=100)
            by = "old" if stage == "copy" else "new"
            assert three.ask("GET", "/patients").headers["x-answered-by"] == by
            made = three.ask("POST", "/patients", patient(100 + number))
            assert made.status == 201, made
            assert three.ask("PATCH", f"/patients/{made.json['id']}", {"age": 3}).status == 200
            assert three.ask("DELETE", f"/patients/{three.lists()[1][0]['id']}").status == 200
            if stage != "done":
                assert three.demand_equal()[-1]["age"] == 3


@pytest.fixture
def three(in_copy: Trio) -> Trio:
    return in_copy


def test_what_the_old_side_has_is_sent_in_its_order(three: Trio) -> None:
    assert len(three.demand_equal()) >= 6


def test_clients_that_write_one_record_at_once_end_equal(three: Trio) -> None:
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda age: three.ask("PATCH", "/patients/n2", {"age": age}).status, range(1, 40)))
    assert set(said) == {200}
    three.demand_equal()


def test_what_one_side_refuses_is_listed_with_field_and_reason(three: Trio) -> None:
    made = three.ask("POST", "/patients", {"id": "bad", "name": "x", "age": -1})
    assert made.status == 201
    (refused,) = three.cutover.facts["journal"]["refused"]
    assert (refused["resource"], refused["id"]) == ("patients", "bad")
    assert "age" in refused["reasons"]
    assert "refused" in three.cutover.told("PUT", "/stage", {"stage": "ramp"}).json["detail"]
    given = three.cutover.told("POST", "/given-up", {"resource": "patients", "id": "bad"})
    assert given.json == {"refused": 0}
    assert three.ask("DELETE", "/patients/bad").status == 200
    three.demand_equal()


def test_the_flags_file_is_the_truth_and_one_that_cannot_be_used_changes_nothing(three: Trio) -> None:
    ledger = Ledger()
    with ledger.writing(three.cutover.port):
        for stage, share in (("ramp", 50), ("new", 0), ("ramp", 100), ("copy", 0)):
            three.cutover.flag(stage=stage, share=share)
            wait_until(partial(three.cutover.is_at, stage), 10)
        three.cutover.flag(stage="nothing")
        wait_until(lambda: three.cutover.facts["flags_fault"], 10)
    assert three.cutover.facts["stage"] == "copy"
    three.cutover.flag(stage="copy")
    assert ledger.lost(three.demand_equal()) == []
    assert {said.split()[1] for said in ledger.answers} <= {"200", "201"}


def test_where_nothing_can_be_noted_nothing_is_acknowledged(three: Trio) -> None:
    three.settle()
    size = (three.cutover.state / "journal.jsonl").stat().st_size
    pid = three.cutover.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    full = three.ask("POST", "/patients", patient(900))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert full.status == 503
    assert three.ask("POST", "/patients", patient(901)).status == 201
    assert "P900" not in {record["patientID"] for record in three.demand_equal()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"host": "evil.example"}, 403),
        ({"host": "["}, 403),
        ({}, 409),
    ],
)
def test_no_page_changes_the_stage(three: Trio, headers: dict[str, str], status: int) -> None:
    answer = three.cutover.told("PUT", "/stage", {"stage": "done"}, **headers)
    assert answer.status == status
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert three.cutover.told("PUT", "/stage", {"stage": "old", "share": 101}).status == 400
