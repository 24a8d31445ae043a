"""Whoever of the three dies or stands still, in whatever stage: nothing that was acknowledged is lost."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.answers import Version
from tests.cutover.trio import Trio, some, trio
from tests.cutover.writers import Ledger
from tests.servers import Server, wait_until
from tests.torture import LONG, amount

RELEASES: list[Version] = ["0.17.4", "1.0.0-beta.15"] if LONG else ["0.17.4"]


@pytest.fixture(scope="module", params=RELEASES)
def started(
    request: pytest.FixtureRequest,
    node: Path,
    copy_of_template: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Trio]:
    folder = tmp_path_factory.mktemp("cutover")
    with trio(request.param, node, copy_of_template(), folder, some(20), "--timeout", "1") as three:
        yield three


@pytest.fixture
def three(started: Trio) -> Trio:
    """In `copy`, and level."""
    started.cutover.stage("old", anyway="a new test")
    started.cutover.flag(stage="old")
    started.cutover.stage("copy")
    return started


def kill(server: Server, seconds: float) -> None:
    server.stop(signal.SIGKILL)
    time.sleep(seconds)
    server.start()


def freeze(server: Server, seconds: float) -> None:
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    server.process.send_signal(signal.SIGCONT)


def test_the_cutover_is_killed_again_and_again(three: Trio) -> None:
    ledger = Ledger()
    for number in range(amount(4, 30)):
        if number == 2:
            three.cutover.stage("new", anyway="a test")
        with ledger.writing(three.cutover.port):
            time.sleep(0.4)
            three.cutover.kill()
        three.cutover.start()
        assert ledger.lost(three.demand_equal()) == []
    assert three.cutover.facts["stage"] == "new"
    assert ledger.acknowledged > 20


@pytest.mark.parametrize("stage", ["copy", "ramp", "new"])
def test_the_cutover_stands_still(three: Trio, stage: str) -> None:
    """For longer than an answer may take: what was under way is late when it goes on, and may have happened."""
    ledger = Ledger()
    three.cutover.flag(stage="copy", threshold=100, row=50)  # a side that is late on a busy machine is not meant
    three.cutover.stage(stage, share=50, anyway="a test")
    with ledger.writing(three.cutover.port):
        for _ in range(10 if LONG else 2):
            time.sleep(0.3)
            freeze(three.cutover, 1.2)
        wait_until(lambda: ledger.acknowledged > 20, 30)
    assert ledger.lost(three.demand_equal()) == []
    assert three.cutover.facts["stage"] == stage, three.cutover.facts["events"][-1]


@pytest.mark.parametrize("fault", [kill, freeze])
@pytest.mark.parametrize("stage", ["copy", "ramp", "new"])
@pytest.mark.parametrize("name", ["old", "new"])
def test_a_side_fails(three: Trio, name: str, stage: str, fault: Callable[[Server, float], None]) -> None:
    ledger = Ledger()
    three.cutover.stage(stage, share=50, anyway="a test")
    with ledger.writing(three.cutover.port):
        time.sleep(0.3)
        fault(getattr(three, name), 1.2)
        time.sleep(0.5)
    three.settle()
    assert ledger.lost(three.lists()[1]) == []
    if stage == "new" or (name, fault) != ("old", kill):  # a leading json-server loses what it has acknowledged itself
        assert ledger.lost(three.demand_equal()) == []


def test_a_new_side_that_is_away_is_left_although_somebody_writes(three: Trio) -> None:
    """From the first write on that it is owed no read is sent there, so no read can fail."""
    ledger = Ledger()
    three.cutover.stage("ramp", share=50, anyway="a test")
    with ledger.writing(three.cutover.port):
        three.new.stop(signal.SIGKILL)
        wait_until(lambda: three.cutover.is_at("copy"), 30, "a fall-back")
        three.new.start()
    assert "fell back" in three.cutover.facts["events"][-1]["text"]
    assert ledger.lost(three.demand_equal()) == []


def test_beta_15_in_short(node: Path, copy_of_template: Callable[[], str], tmp_path: Path) -> None:
    """It makes all ids, in `new` too. Frozen it lacks what is listed.

    Killed it loses what it has acknowledged, which nobody can know; verify tells.
    """
    ledger = Ledger()
    with trio("1.0.0-beta.15", node, copy_of_template(), tmp_path, some(20), "--timeout", "1") as three:
        three.cutover.stage("copy")
        three.cutover.stage("new", anyway="a test")
        missing = _beside(three, ledger, freeze)
        assert missing <= {one["id"] for one in three.cutover.facts["journal"]["refused"]}
        missing = _beside(three, ledger, kill)
        verified = three.cutover.told("GET", "/verify.json").json["lists"][0]
        assert verified["counts"]["only_new"] == len(missing)


def _beside(three: Trio, ledger: Ledger, fault: Callable[[Server, float], None]) -> set[str]:
    """The old side fails beside writers; the new one then has all that was acknowledged. What the old one lacks."""
    with ledger.writing(three.cutover.port):
        time.sleep(0.3)
        fault(three.old, 0.6)
    three.settle()
    old, new = three.lists()
    assert ledger.lost(new) == []
    return {one["id"] for one in new} - {one["id"] for one in old}


def test_going_back_after_a_thousand_writes(three: Trio) -> None:
    ledger = Ledger()
    three.cutover.stage("new", anyway="a test")
    with ledger.writing(three.cutover.port, 8):
        wait_until(lambda: ledger.acknowledged > amount(100, 1000), 60)
    three.cutover.stage("copy")
    old, new = three.lists()
    assert ledger.lost(old) == []
    assert old == new
