"""It goes back to `copy` by itself when the new side fails or lies, and not for less."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.servers import json_server, our_server
from tests.cutover.faulty import Fault, Faulty, faulty
from tests.cutover.trio import Cutover, Trio, some
from tests.patients import patient
from tests.servers import wait_until


@pytest.fixture(scope="module")
def started(
    node: Path, copy_of_template: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Trio, Faulty]]:
    """The way to the new side is one on which something may go wrong."""
    folder, dsn = tmp_path_factory.mktemp("falling"), copy_of_template()
    old, new = json_server("0.17.4", node, {"patients": some(10)}, folder / "old"), our_server("0.17", dsn)
    with faulty(new.port) as way:
        cutover = Cutover(folder / "state", dsn, "--old", old.url, "--new", way.url, "--timeout", "1").launch()
        with old, new, cutover:
            yield Trio(old, new, cutover), way


@pytest.fixture
def three(started: tuple[Trio, Faulty]) -> tuple[Trio, Faulty]:
    trio, way = started
    way.fault, way.every = "", 1
    trio.cutover.stage("old", anyway="a new test")
    trio.cutover.stage("copy")
    return started


def read(trio: Trio, times: int) -> list[int]:
    return [trio.ask("GET", f"/patients?_page=1&_limit={2 + number % 5}").status for number in range(times)]


@pytest.mark.parametrize("fault", ["lie", "500", "html", "nonsense", "slow"])
@pytest.mark.parametrize("stage", ["ramp", "new"])
def test_a_new_side_that_fails(three: tuple[Trio, Faulty], stage: str, fault: Fault) -> None:
    trio, way = three
    trio.cutover.stage(stage, share=100, anyway="a test")
    way.fault = fault
    assert set(read(trio, 25)) == {200}
    wait_until(lambda: trio.cutover.facts["stage"] == "copy", 10, f"{trio.cutover.facts}")
    assert "fell back" in trio.cutover.facts["events"][-1]["text"]


def test_below_the_threshold_it_stays(three: tuple[Trio, Faulty]) -> None:
    trio, way = three
    trio.cutover.flag(stage="copy", threshold=20, row=100)
    trio.cutover.stage("ramp", share=100, anyway="a test")
    way.fault, way.every = "500", 10
    assert set(read(trio, 60)) == {200}
    assert trio.cutover.facts["stage"] == "ramp"
    assert trio.cutover.facts["rescued"].get("old", 0) >= 5
    trio.cutover.flag(stage="ramp", share=100, threshold=5, row=100)
    wait_until(lambda: read(trio, 5) and trio.cutover.facts["stage"] == "copy", 10)


def test_a_write_in_doubt_is_503_and_both_sides_are_equal_in_the_end(three: tuple[Trio, Faulty]) -> None:
    trio, way = three
    trio.cutover.stage("new", anyway="a test")
    way.fault = "slow"
    made = trio.ask("POST", "/patients", patient(700))
    assert (made.status, made.headers["retry-after"]) == (503, "1")
    way.fault = ""
    trio.demand_equal()
