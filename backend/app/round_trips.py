"""Requests that share a round trip under load, without ever being stale.

At most one flight of a kind is under way; requests that arrive meanwhile are answered together by the next one, which
starts after they arrived, so every answer is at least as new as its request. Knows neither SQL nor records.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast
from weakref import WeakValueDictionary

from app.errors import DatabaseUnavailable

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_PAUSE = 0.2  # of the last flight's time
_LONGEST_PAUSE = 0.05  # seconds


class _Seat(NamedTuple, Generic[Key, Value]):
    """One who waits, and until when."""

    key: Key
    deadline: float
    answer: asyncio.Future[Value | None]


_Batch = list[_Seat[Key, Value]]


class Batched(Generic[Key, Value]):
    """One `fetch(keys, deadline)` for all keys that wait, or the first `at_most`, as they came.

    A key it does not return is None. What it raises, everyone of its batch gets. Each who waits keeps a deadline of its
    own, a time of the `clock`: `DatabaseUnavailable` then, while the others fly on to the last one's. A flight that
    `must_land` ends by the first one's: whoever gets no answer knows that nothing follows. Who is cancelled leaves. A
    flight that nobody waits for any more is cancelled too, unless it must land.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[Key], float], Awaitable[Mapping[Key, Value]]],
        at_most: int | None = None,
        *,
        must_land: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch, self._at_most, self._must_land, self._clock = fetch, at_most, must_land, clock
        self._waiting: _Batch[Key, Value] = []
        self._aboard: _Batch[Key, Value] = []
        self._flight: asyncio.Task[None] | None = None

    async def get(self, key: Key, deadline: float) -> Value | None:
        seat: _Seat[Key, Value] = _Seat(key, deadline, asyncio.get_running_loop().create_future())
        self._waiting.append(seat)
        self._take_off()
        try:
            return await seat.answer
        except asyncio.CancelledError:
            self._give_up()
            raise

    def _take_off(self) -> None:
        if self._flight is None and self._waiting:
            self._flight = asyncio.create_task(self._fly())

    def _give_up(self) -> None:
        if self._flight and self._aboard and not self._must_land and not _unsettled(self._aboard):
            self._aboard = []  # cancelled once
            self._flight.cancel()

    async def _fly(self) -> None:
        lasted = 0.0
        try:
            while self._waiting:
                # At first one turn of the loop: requests that are here already fly along. Behind a flight a moment
                # more: those it answered ask again, and would else take turns with the others, half of all in each.
                await asyncio.sleep(min(lasted * _PAUSE, _LONGEST_PAUSE))
                begin = self._clock()
                self._board()
                if self._aboard:
                    await self._answer(self._aboard)
                lasted = self._clock() - begin
        finally:
            self._flight, self._aboard = None, []
            self._take_off()  # for those who came while this one was given up

    def _board(self) -> None:
        here = _unsettled(self._waiting)
        self._aboard, self._waiting = here[: self._at_most], here[self._at_most or len(here) :]

    async def _answer(self, batch: _Batch[Key, Value]) -> None:
        deadline = batch[0 if self._must_land else -1].deadline
        early = asyncio.create_task(self._dismiss(batch)) if batch[0].deadline < deadline else None
        try:
            found = await self._fetch(list(dict.fromkeys(seat.key for seat in batch)), deadline)
        except Exception as error:  # of any kind, and raised again in each who waits: none may wait for ever
            for seat in _unsettled(batch):
                seat.answer.set_exception(error)
        else:
            for seat in _unsettled(batch):
                seat.answer.set_result(found.get(seat.key))
        finally:
            if early:
                early.cancel()
        self._aboard = []

    async def _dismiss(self, batch: _Batch[Key, Value]) -> None:
        """Those whose deadline comes before the flight's end."""
        for seat in batch:
            await asyncio.sleep(max(0, seat.deadline - self._clock()))
            if not seat.answer.done():
                seat.answer.set_exception(DatabaseUnavailable())


def _unsettled(batch: _Batch[Key, Value]) -> _Batch[Key, Value]:
    """Without those whose request has gone."""
    return [seat for seat in batch if not seat.answer.done()]


class Joined:
    """Equal reads, told apart by a key; the next flight of a key serves all who wait for it, its failure too."""

    def __init__(self) -> None:
        self._lines = WeakValueDictionary[Hashable, Batched[None, Any]]()  # each lives as long as somebody waits in it

    async def get(self, key: Hashable, deadline: float, read: Callable[[float], Awaitable[Value]]) -> Value:
        """`read(deadline)`: that of the last of those who wait for it."""
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Batched(_only(read))
        return cast(Value, await line.get(None, deadline))


def _only(
    read: Callable[[float], Awaitable[Value]],
) -> Callable[[Sequence[None], float], Awaitable[Mapping[None, Value]]]:
    async def fetch(_: Sequence[None], deadline: float) -> Mapping[None, Value]:
        return {None: await read(deadline)}

    return fetch
