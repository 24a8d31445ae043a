"""Requests that share a round trip: never stale, never mixed up, never left waiting."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from app.round_trips import Batched, Joined


class Source:
    """A changing value that takes a moment to read; remembers what was asked."""

    def __init__(self, seconds: float = 0.01) -> None:
        self.value, self.asked, self.fault, self.seconds = 0, list[list[str]](), False, seconds

    async def fetch(self, keys: Sequence[str], since: float = 0) -> Mapping[str, int]:
        self.asked.append(sorted(keys))
        self.waited = asyncio.get_running_loop().time() - since
        seen = self.value
        await asyncio.sleep(self.seconds)
        if self.fault:
            raise OSError
        return {key: seen for key in keys if key != "missing"}


async def test_waiting_requests_are_answered_together_by_one_later_read() -> None:
    source = Source()
    shared = Batched(source.fetch)
    first = asyncio.create_task(shared.get("a"))
    await asyncio.sleep(0.005)
    rest = [asyncio.create_task(shared.get(key)) for key in ["b", "c", "b", "missing"]]
    source.value = 1
    assert (await first, await asyncio.gather(*rest)) == (0, [1, 1, 1, None])
    assert source.asked == [["a"], ["b", "c", "missing"]]


async def test_no_flight_takes_more_than_it_may() -> None:
    source = Source()
    shared = Batched(source.fetch, at_most=2)
    assert await asyncio.gather(*(shared.get(key) for key in "abcde")) == [0] * 5
    assert source.asked == [["a", "b"], ["c", "d"], ["e"]]


async def test_those_who_ask_again_and_again_come_to_fly_together() -> None:
    source = Source(seconds=0.1)
    shared = Batched(source.fetch)

    async def ask(key: str, after: float) -> None:
        await asyncio.sleep(after)
        for _ in range(4):
            await shared.get(key)

    await asyncio.gather(ask("a", 0), ask("b", 0.05))
    assert source.asked == [["a"], ["a", "b"], ["a", "b"], ["a", "b"], ["b"]]


@pytest.mark.parametrize("kind", ["batched", "joined"])
async def test_a_read_that_begins_after_a_write_sees_it(kind: str) -> None:
    source = Source()
    batched, joined = Batched(source.fetch), Joined()

    async def read() -> int | None:
        if kind == "batched":
            return await batched.get("k")
        return (await joined.get("k", lambda since: source.fetch(["k"], since)))["k"]

    async def write_then_read(turn: int) -> None:
        await asyncio.sleep(turn * 0.0017)
        source.value = written = source.value + 1
        assert (await read() or 0) >= written

    await asyncio.gather(*(write_then_read(turn) for turn in range(40)))
    assert len(source.asked) < 40


async def test_equal_reads_share_and_different_ones_do_not_wait_for_each_other() -> None:
    source, joined = Source(), Joined()
    await asyncio.gather(*(joined.get(key, lambda _: source.fetch([])) for key in ["x", "x", "y", "x", "y"]))
    assert len(source.asked) == 2


@pytest.mark.parametrize("kind", ["batched", "joined"])
async def test_a_failure_reaches_those_of_its_flight_and_the_next_one_begins_anew(kind: str) -> None:
    source = Source()
    batched, joined = Batched(source.fetch), Joined()

    async def read() -> object:
        return await (batched.get("k") if kind == "batched" else joined.get("k", lambda _: source.fetch(["k"])))

    source.fault = True
    together = [asyncio.create_task(read()) for _ in range(2)]
    await asyncio.sleep(0.005)
    behind = [asyncio.create_task(read()) for _ in range(3)]
    outcomes = await asyncio.gather(*together, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError] * 2
    source.fault = False
    assert await asyncio.gather(*behind) in ([0] * 3, [{"k": 0}] * 3)


async def test_a_flight_knows_since_when_it_was_waited_for() -> None:
    source = Source(seconds=0.1)
    shared = Batched(source.fetch)
    first = asyncio.create_task(shared.get("a"))
    await asyncio.sleep(0.03)
    assert source.waited < 0.02
    await asyncio.gather(first, shared.get("b"))
    assert 0.06 < source.waited < 0.13  # the rest of the flight before, and a pause


@pytest.mark.parametrize("kind", ["batched", "joined"])
async def test_one_who_gives_up_takes_nobody_along(kind: str) -> None:
    source = Source()
    batched, joined = Batched(source.fetch), Joined()

    async def read() -> object:
        return await (batched.get("k") if kind == "batched" else joined.get("k", lambda _: source.fetch(["k"])))

    quitter, patient = asyncio.create_task(read()), asyncio.create_task(read())
    await asyncio.sleep(0.005)
    quitter.cancel()
    assert await patient in (0, {"k": 0})
    with pytest.raises(asyncio.CancelledError):
        await quitter


async def test_a_flight_that_nobody_waits_for_is_given_up() -> None:
    """And whoever came meanwhile is answered by the next one."""
    source = Source(seconds=60)
    shared = Batched(source.fetch)
    gone = [asyncio.create_task(shared.get(key)) for key in "ab"]
    await asyncio.sleep(0.005)
    source.seconds = 0
    stays = asyncio.create_task(shared.get("c"))
    for task in gone:
        task.cancel()
    assert await asyncio.wait_for(stays, 5) == 0
    assert source.asked == [["a", "b"], ["c"]]


async def test_who_goes_before_the_flight_is_not_taken_along() -> None:
    source = Source()
    shared = Batched(source.fetch)
    first = asyncio.create_task(shared.get("a"))
    await asyncio.sleep(0.005)
    gone, stays = asyncio.create_task(shared.get("b")), asyncio.create_task(shared.get("c"))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await first, await stays) == (0, 0)
    assert source.asked == [["a"], ["c"]]
    alone = asyncio.create_task(shared.get("d"))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.sleep(0.01)
    assert source.asked[2:] == []
    assert await shared.get("e") == 0


async def test_a_flight_that_must_land_does() -> None:
    landed: list[str] = []

    async def write(keys: Sequence[str], _: float) -> Mapping[str, int]:
        await asyncio.sleep(0.01)
        landed.extend(keys)
        return {}

    shared = Batched(write, must_land=True)
    gone = asyncio.create_task(shared.get("a"))
    await asyncio.sleep(0.005)
    gone.cancel()
    await shared.get("b")
    assert landed == ["a", "b"]


async def test_nothing_is_kept_of_reads_that_are_over() -> None:
    source, joined = Source(), Joined()
    await asyncio.gather(*(joined.get(key, lambda _: source.fetch([])) for key in range(100)))
    await asyncio.sleep(0)
    assert len(joined._lines) == 0
