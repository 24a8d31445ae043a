"""A json-server that is slow, answers 500 or nonsense, or breaks off: nothing that was acknowledged is lost by it, and
the new side is not left for it."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import IncompleteRead
from pathlib import Path
from typing import NamedTuple

import pytest

from app.limits import RELAYED_BYTES
from tests.contract.servers import json_server, our_server
from tests.cutover.faulty import Fault, Faulty, faulty
from tests.cutover.listener import Listener, listener
from tests.cutover.trio import Cutover, Trio, some
from tests.cutover.writers import Ledger
from tests.patients import patient
from tests.servers import wait_until

FAULTS: list[Fault] = ["500", "html", "nonsense", "cut", "slow"]
STAGES = ["copy", "ramp", "new"]
SOME: list[tuple[str, Fault]] = [
    ("copy", "cut"),
    ("copy", "nonsense"),
    ("ramp", "slow"),
    ("new", "500"),
    ("new", "html"),
    ("new", "slow"),
]
ALL = [(stage, fault) for stage in STAGES for fault in FAULTS]


class Started(NamedTuple):
    """`old` and `new` are the ways to the two sides, on which something may go wrong; `told` is who is notified."""

    trio: Trio
    old: Faulty
    new: Faulty
    told: Listener


@pytest.fixture(scope="module")
def started(
    node: Path, copy_of_template: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    folder, dsn = tmp_path_factory.mktemp("old-side"), copy_of_template()
    lists = {"patients": some(10), "files": [{"id": 1, "text": "x" * (RELAYED_BYTES + 1)}]}
    old, new = json_server("0.17.4", node, lists, folder / "old"), our_server("0.17", dsn)
    with faulty(old.port) as old_way, faulty(new.port) as new_way, listener() as told:
        sides = ["--old", old_way.url, "--new", new_way.url, "--timeout", "1", "--notify", told.url]
        cutover = Cutover(folder / "state", dsn, *sides).launch()
        with old, new, cutover:
            yield Started(Trio(old, new, cutover), old_way, new_way, told)


@pytest.fixture
def three(started: Started) -> Started:
    """In `copy`, and level."""
    started.old.fault = started.new.fault = ""
    started.trio.cutover.stage("old", anyway="a new test")
    started.trio.cutover.stage("copy")
    started.told.heard.clear()
    return started


@pytest.mark.parametrize(("stage", "fault"), ALL if os.environ.get("TORTURE") == "1" else SOME)
def test_nothing_is_lost(three: Started, stage: str, fault: Fault) -> None:
    trio, ledger = three.trio, Ledger()
    trio.cutover.stage(stage, share=50, anyway="a test")
    with ledger.writing(trio.cutover.port):
        time.sleep(0.3)
        three.old.fault = fault
        time.sleep(1)
        three.old.fault = ""
        time.sleep(0.3)
    assert ledger.lost(trio.demand_equal()) == []
    assert "Traceback" not in trio.cutover.said


@pytest.mark.parametrize(("stage", "side"), [("copy", "old"), ("new", "old"), ("new", "new")])
def test_a_write_that_comes_late_is_waited_for(three: Started, stage: str, side: str) -> None:
    """It was given up, and happens after all: over what has come in its place, if that is there before."""
    trio, way = three.trio, three.old if side == "old" else three.new
    trio.cutover.stage(stage, anyway="a test")
    way.fault = "slow"
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(trio.ask, "PATCH", "/patients/n2", {"age": 1, "note": f"{stage} {side}"})
        wait_until(lambda: way.asleep, 5, "it is on its way")
        way.fault = ""
        assert late.result().status == (200 if (stage, side) == ("new", "old") else 503)
    assert trio.ask("PATCH", "/patients/n2", {"age": 2}).status == 200
    wait_until(lambda: trio.cutover.level() and not way.asleep, 10, "it has come")
    trio.demand_equal()


def test_a_page_is_no_answer_to_a_copy(three: Started) -> None:
    """A router's 200: what is copied has not come to the json-server behind it."""
    trio = three.trio
    trio.cutover.stage("new", anyway="a test")
    three.old.fault = "html"
    made = trio.ask("POST", "/patients", patient(810))
    assert made.status == 201
    assert trio.ask("PATCH", "/patients/n3", {"age": 77}).status == 200
    assert trio.ask("DELETE", "/patients/n4").status == 200
    assert trio.cutover.facts["journal"]["owed"] >= 3
    three.old.fault = ""
    there = {one["id"]: one for one in trio.demand_equal()}
    assert (there[made.json["id"]]["age"], there["n3"]["age"], "n4" in there) == (made.json["age"], 77, False)


def test_a_page_is_no_deletion(three: Started) -> None:
    """The client has the old side's answer, as ever; and the new one keeps what the old one has kept."""
    trio = three.trio
    three.old.fault = "html"
    assert trio.ask("DELETE", "/patients/n5").content == b"<p>no"
    three.old.fault = ""
    assert "n5" in {one["id"] for one in trio.demand_equal()}


def test_the_new_side_is_not_left_for_one_that_fails(three: Started) -> None:
    trio = three.trio
    trio.cutover.stage("new", anyway="a test")
    before = trio.cutover.facts["skipped"].get("unanswered", 0)
    for number, fault in enumerate(FAULTS[:4]):
        three.old.fault = fault
        assert {trio.ask("GET", f"/patients?_page=1&_limit={2 + limit % 5}").status for limit in range(25)} == {200}
        wait_until(partial(seen, trio, before + 25 * (number + 1)), 10, f"{fault} was seen")
    assert trio.cutover.facts["stage"] == "new"
    assert trio.cutover.facts["compared"].get("different", 0) == 0


def seen(trio: Trio, unanswered: int) -> bool:
    return bool(trio.cutover.facts["skipped"].get("unanswered", 0) >= unanswered)


def test_what_breaks_off_while_it_goes_on_breaks_off_for_the_client(three: Started) -> None:
    """A large answer goes on as it comes: that it was not all must be seen there, and is counted."""
    trio = three.trio
    assert len(trio.ask("GET", "/files").content) > RELAYED_BYTES
    before = trio.cutover.facts["failed"].get("old", {}).get("ClientPayloadError", 0)
    three.old.fault = "cut"
    with pytest.raises(IncompleteRead):
        trio.ask("GET", "/files")
    assert trio.cutover.facts["failed"]["old"]["ClientPayloadError"] == before + 1


def test_held_while_a_way_back_would_lose_something(three: Started) -> None:
    """The new side fails, and the old one is owed a write; once that is copied it falls back. It tells of both."""
    trio = three.trio
    trio.cutover.stage("new", anyway="a test")
    three.old.fault = "500"
    made = trio.ask("POST", "/patients", patient(800))
    assert made.status == 201
    three.new.fault = "500"
    wait_until(lambda: trio.ask("GET", "/patients").status and trio.cutover.facts["held"], 10, "held")
    assert (trio.cutover.facts["stage"], trio.cutover.facts["journal"]["owed"]) == ("new", 1)
    assert b"Held: " in trio.cutover.told("GET", "/").content
    assert b"cutover_held 1.0" in trio.cutover.told("GET", "/metrics").content
    three.new.fault = three.old.fault = ""
    wait_until(lambda: trio.cutover.is_at("copy"), 15, "it falls back")
    assert not trio.cutover.facts["held"]
    assert made.json["id"] in {one["id"] for one in trio.demand_equal()}
    wait_until(lambda: len(three.told.heard) == 2, 5, "it was told of")
    held, back = three.told.heard
    assert (held.partition(":")[0], back.partition(":")[0]) == ("held", "fell back to copy")
    assert "1 records are owed to the other side" in held
