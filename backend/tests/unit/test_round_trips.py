"""Requests that share a round trip: never stale, never mixed up, never left waiting."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from math import inf
from typing import Any

import pytest

from app.errors import DatabaseUnavailable
from app.round_trips import Batched, Joined


async def loops(times: int) -> None:
    """Let everything that is ready go on, so many times."""
    for _ in range(times):
        await asyncio.sleep(0)


class Source:
    """A changing value, read in ten turns of the loop and a second of its clock; remembers what was asked."""

    def __init__(self) -> None:
        self.value, self.asked, self.fault, self.now = 0, list[list[str]](), False, 0.0

    def clock(self) -> float:
        return self.now

    async def fetch(self, keys: Sequence[str], _: float = 0) -> Mapping[str, int]:
        self.asked.append(sorted(keys))
        seen = self.value
        await loops(10)
        self.now += 1
        if self.fault:
            raise OSError
        return {key: seen for key in keys if key != "missing"}


async def test_waiting_requests_are_answered_together_by_one_later_read() -> None:
    source = Source()
    shared = Batched(source.fetch)
    first = asyncio.create_task(shared.get("a", inf))
    await loops(5)
    rest = [asyncio.create_task(shared.get(key, inf)) for key in ["b", "c", "b", "missing"]]
    source.value = 1
    assert (await first, await asyncio.gather(*rest)) == (0, [1, 1, 1, None])
    assert source.asked == [["a"], ["b", "c", "missing"]]


async def test_no_flight_takes_more_than_it_may() -> None:
    source = Source()
    shared = Batched(source.fetch, at_most=2)
    assert await asyncio.gather(*(shared.get(key, inf) for key in "abcde")) == [0] * 5
    assert source.asked == [["a", "b"], ["c", "d"], ["e"]]


async def test_those_who_ask_again_and_again_come_to_fly_together() -> None:
    source = Source()
    shared = Batched(source.fetch, clock=source.clock)

    async def ask(key: str, after: int) -> None:
        await loops(after)
        for _ in range(4):
            await shared.get(key, inf)
            await loops(3)  # the answer travels

    await asyncio.gather(ask("a", 0), ask("b", 5))
    assert source.asked == [["a"], ["a", "b"], ["a", "b"], ["a", "b"], ["b"]]


def reading(kind: str, source: Source) -> Callable[[], Coroutine[Any, Any, int | None]]:
    """Reads of one key, that share their flights in one way or the other."""
    batched, joined = Batched(source.fetch), Joined()

    async def read() -> int | None:
        if kind == "batched":
            return await batched.get("k", inf)
        return (await joined.get("k", inf, lambda deadline: source.fetch(["k"], deadline)))["k"]

    return read


@pytest.mark.parametrize("kind", ["batched", "joined"])
async def test_a_read_that_begins_after_a_write_sees_it(kind: str) -> None:
    source = Source()
    read = reading(kind, source)

    async def write_then_read(turn: int) -> None:
        await loops(2 * turn)
        source.value = written = source.value + 1
        assert (await read() or 0) >= written

    await asyncio.gather(*(write_then_read(turn) for turn in range(40)))
    assert len(source.asked) < 40


async def test_equal_reads_share_and_different_ones_do_not_wait_for_each_other() -> None:
    source, joined = Source(), Joined()
    await asyncio.gather(*(joined.get(key, inf, lambda _: source.fetch([])) for key in ["x", "x", "y", "x", "y"]))
    assert len(source.asked) == 2


@pytest.mark.parametrize("kind", ["batched", "joined"])
async def test_a_failure_reaches_those_of_its_flight_and_the_next_one_begins_anew(kind: str) -> None:
    source = Source()
    read = reading(kind, source)

    source.fault = True
    together = [asyncio.create_task(read()) for _ in range(2)]
    await loops(5)
    behind = [asyncio.create_task(read()) for _ in range(3)]
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError] * 2
    source.fault = False
    assert await asyncio.gather(*behind) == [0] * 3


async def test_each_keeps_its_own_deadline_and_the_flight_has_the_last_ones() -> None:
    asked, landed = list[float](), asyncio.Event()

    async def fetch(keys: Sequence[str], deadline: float) -> Mapping[str, int]:
        asked.append(deadline)
        await landed.wait()
        return dict.fromkeys(keys, 1)

    shared = Batched(fetch, clock=lambda: 10.0)
    late, early = asyncio.create_task(shared.get("a", 9.0)), asyncio.create_task(shared.get("b", 1000.0))
    with pytest.raises(DatabaseUnavailable):
        await late
    landed.set()
    assert await early == 1
    assert asked == [1000.0]


async def test_a_flight_that_must_land_ends_by_the_first_ones_deadline() -> None:
    asked = list[float]()

    async def fetch(keys: Sequence[str], deadline: float) -> Mapping[str, int]:
        asked.append(deadline)
        return dict.fromkeys(keys, 1)

    shared = Batched(fetch, must_land=True, clock=lambda: 10.0)
    assert [*await asyncio.gather(shared.get("a", 9.0), shared.get("b", 1000.0))] == [1, 1]
    assert asked == [9.0]


@pytest.mark.parametrize("kind", ["batched", "joined"])
async def test_one_who_gives_up_takes_nobody_along(kind: str) -> None:
    source = Source()
    read = reading(kind, source)

    quitter, patient = asyncio.create_task(read()), asyncio.create_task(read())
    await loops(5)
    quitter.cancel()
    assert await patient == 0
    with pytest.raises(asyncio.CancelledError):
        await quitter


async def test_a_flight_that_nobody_waits_for_is_given_up() -> None:
    """And whoever came meanwhile is answered by the next one."""
    source = Source()

    async def fetch(keys: Sequence[str], deadline: float) -> Mapping[str, int]:
        found = await source.fetch(keys, deadline)
        if keys != ["c"]:
            await asyncio.Event().wait()
        return found

    shared = Batched(fetch)
    gone = [asyncio.create_task(shared.get(key, inf)) for key in "ab"]
    await loops(5)
    stays = asyncio.create_task(shared.get("c", inf))
    for task in gone:
        task.cancel()
    assert await asyncio.wait_for(stays, 5) == 0
    assert source.asked == [["a", "b"], ["c"]]


async def test_who_goes_before_the_flight_is_not_taken_along() -> None:
    source = Source()
    shared = Batched(source.fetch)
    first = asyncio.create_task(shared.get("a", inf))
    await loops(5)
    gone, stays = asyncio.create_task(shared.get("b", inf)), asyncio.create_task(shared.get("c", inf))
    await asyncio.sleep(0)
    gone.cancel()
    assert [*await asyncio.gather(first, stays)] == [0, 0]
    assert source.asked == [["a"], ["c"]]
    alone = asyncio.create_task(shared.get("d", inf))
    await asyncio.sleep(0)
    alone.cancel()
    await loops(20)
    assert source.asked[2:] == []
    assert await shared.get("e", inf) == 0


async def test_a_flight_that_must_land_does() -> None:
    landed: list[str] = []

    async def write(keys: Sequence[str], _: float) -> Mapping[str, int]:
        await loops(10)
        landed.extend(keys)
        return {}

    shared = Batched(write, must_land=True)
    gone = asyncio.create_task(shared.get("a", inf))
    await loops(5)
    gone.cancel()
    await shared.get("b", inf)
    assert landed == ["a", "b"]


async def test_nothing_is_kept_of_reads_that_are_over() -> None:
    source, joined = Source(), Joined()
    await asyncio.gather(*(joined.get(key, inf, lambda _: source.fetch([])) for key in range(100)))
    await asyncio.sleep(0)
    assert len(joined._lines) == 0
