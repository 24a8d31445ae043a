"""Dear work lets others in between, keeps its order, and loses nothing of what goes wrong."""

import asyncio
from functools import partial
from itertools import count

import pytest

from app.turns import Turns


async def test_between_two_dear_pieces_others_have_their_turn() -> None:
    seconds = count()  # each look at the clock is one later
    turns, order = Turns(lambda: next(seconds)), list[str]()

    async def work(name: str) -> None:
        await turns.take(lambda: None)
        order.append(name)

    async def others() -> None:
        while "c" not in order:
            order.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(*map(work, "abc"), others())
    assert [name for name in order if name != "other"] == ["a", "b", "c"]
    assert "other" in order[order.index("a") : order.index("b")]
    assert "other" in order[order.index("b") : order.index("c")]


async def test_cheap_pieces_wait_for_nothing() -> None:
    turns, order = Turns(), list[int]()
    pieces = [turns.take(partial(order.append, number)) for number in range(3)]
    loop = asyncio.get_running_loop()
    loop.call_soon(loop.call_soon, order.append, -1)  # the turn after the one in which they begin
    await asyncio.gather(*pieces)
    assert order == [0, 1, 2, -1]


async def test_what_work_raises_reaches_who_asked_and_the_next_goes_on() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await turns.take(lambda: 1 / 0)
    assert await turns.take(lambda: 1) == 1
