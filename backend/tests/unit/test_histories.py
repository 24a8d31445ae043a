"""The judge of histories: what it must believe, and what it must find."""

from collections.abc import Iterator, Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integration.faults.histories import NEVER, NOBODY_KNOWS, Operation, State, Version, contradiction

CREATED = Operation("POST", 0, 1, 201, 1, Version(1))
PUT = Operation("PUT", 2, 3, 200, 2, Version(2))
LOST_PUT = Operation("PUT", 2, NEVER, NOBODY_KNOWS, 2)
LOST_DELETE = Operation("DELETE", 2, NEVER, NOBODY_KNOWS)


def read(begin: float, end: float, seen: State) -> Operation:
    return Operation("GET", begin, end, 404 if seen is None else 200, seen=seen)


TRUE = {
    "nothing at all": [],
    "a read of nothing": [read(0, 1, None)],
    "each after the other": [CREATED, PUT, read(4, 5, Version(2))],
    "a read beside the write sees what was": [CREATED, PUT, read(2, 3, Version(1))],
    "a read beside the write sees what is": [CREATED, PUT, read(2, 3, Version(2))],
    "a PATCH keeps the rest": [CREATED, Operation("PATCH", 2, 3, 200, 2, Version(1, 2)), read(4, 5, Version(1, 2))],
    "PATCHes side by side": [
        CREATED,
        Operation("PATCH", 2, 9, 200, 2, Version(1, 2)),
        Operation("PATCH", 2, 9, 200, 3, Version(1, 3)),
        read(10, 11, Version(1, 2)),
    ],
    "without an answer it happened at once": [CREATED, LOST_PUT, read(4, 5, Version(2))],
    "or much later": [CREATED, LOST_PUT, read(4, 5, Version(1)), read(6, 7, Version(2))],
    "or never": [CREATED, LOST_PUT, read(4, 5, Version(1))],
    "two without an answer explain one read": [
        Operation("POST", 0, NEVER, NOBODY_KNOWS, 1),
        Operation("PATCH", 0, NEVER, NOBODY_KNOWS, 2),
        read(4, 5, None),
        read(6, 7, Version(1, 2)),
    ],
    "it is gone and may come again": [
        CREATED,
        Operation("DELETE", 2, 3, 200),
        Operation("POST", 4, 5, 201, 2, Version(2)),
    ],
    "an id that is taken": [CREATED, Operation("POST", 2, 3, 409, 2)],
    "another version than If-Match names": [CREATED, PUT, Operation("PUT", 4, 5, 412, 3, condition=Version(1))],
    "the version that If-Match names": [
        CREATED,
        PUT,
        Operation("PUT", 4, 5, 200, 3, seen=Version(3), condition=Version(2)),
    ],
}
# What happened -> the place of the answer that cannot be.
FALSE: dict[str, tuple[list[Operation], int]] = {
    "nobody wrote it": ([read(0, 1, Version(7))], 0),
    "a stale read": ([CREATED, PUT, read(4, 5, Version(1))], 2),
    "a lost write": ([CREATED, read(2, 3, None)], 1),
    "back in time": ([CREATED, LOST_PUT, read(4, 5, Version(2)), read(6, 7, Version(1))], 3),
    "twice": (
        [
            CREATED,
            LOST_PUT,
            read(4, 5, Version(2)),
            PUT._replace(begin=6, end=7, number=3, seen=Version(3)),
            read(8, 9, Version(2)),
        ],
        4,
    ),
    "gone and there again": ([CREATED, LOST_DELETE, read(4, 5, None), read(6, 7, Version(1))], 3),
    "half of a write": ([CREATED, PUT, Operation("PATCH", 4, 5, 200, 3, Version(1, 3))], 2),
    "a change that another has swallowed": (
        [
            CREATED,
            Operation("PATCH", 2, 3, 200, 2, Version(1, 2)),
            Operation("PATCH", 4, 5, 200, 3, Version(1, 3)),
            read(6, 7, Version(1, 2)),
        ],
        3,
    ),
    "two made it": ([CREATED, Operation("POST", 0, 1, 201, 2, Version(2))], 1),
    "refused, though nobody has it": ([Operation("POST", 0, 1, 409, 1)], 0),
    "refused, though it is the version": ([CREATED, Operation("PUT", 2, 3, 412, 2, condition=Version(1))], 1),
    "taken, though it is another version": (
        [CREATED, PUT, Operation("PUT", 4, 5, 200, 3, seen=Version(3), condition=Version(1))],
        2,
    ),
    "a write of the future": ([read(0, 1, Version(1)), CREATED._replace(begin=2, end=3)], 0),
}


@pytest.mark.parametrize("case", TRUE)
def test_what_can_be_is_believed(case: str) -> None:
    assert contradiction(TRUE[case]) is None


@pytest.mark.parametrize("case", FALSE)
def test_what_cannot_be_is_found(case: str) -> None:
    history, place = FALSE[case]
    assert contradiction(history) is history[place]


VERSIONS = st.none() | st.builds(Version, st.integers(1, 5), st.integers(0, 5))


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """What a server that tells the truth answers to a few requests that overlap; of some, one answer is another."""
    state, history = None, list[Operation]()
    for moment in range(1, draw(st.integers(1, 6)) + 1):
        operation, state = _answered(_request(draw, moment), state, draw(st.booleans()))
        history.append(operation)
    if draw(st.booleans()):
        place = draw(st.integers(0, len(history) - 1))
        history[place] = history[place]._replace(
            status=draw(st.sampled_from([200, 201, 404, 409])), seen=draw(VERSIONS)
        )
    return history


def _request(draw: st.DrawFn, moment: int) -> Operation:
    """One that takes effect at this moment."""
    method = draw(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET"]))
    begin, end = moment - draw(st.integers(0, 3)), moment + draw(st.integers(0, 3) | st.just(NEVER))
    condition = draw(VERSIONS) if method in ("PUT", "PATCH", "DELETE") else None
    return Operation(method, begin, end, NOBODY_KNOWS, moment, condition=condition)


def _answered(request: Operation, state: State, happens: bool) -> tuple[Operation, State]:
    """It as the client sees it, and what is stored then. Without an answer it may not happen at all."""
    status, after = request.applied(state)
    if request.end == NEVER:
        return request, after if happens else state
    return request._replace(status=status, seen=after if status in (200, 201) else None), after


@given(histories())
def test_it_agrees_with_whoever_tries_every_order(history: list[Operation]) -> None:
    assert (contradiction(history) is None) == any(map(_lawful, _orders(history)))


def _orders(history: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    """Every order of the answered ones, with any of the others among them."""
    answered = {number for number, operation in enumerate(history) if operation.end < NEVER}
    for size in range(len(answered), len(history) + 1):
        for order in permutations(range(len(history)), size):
            if answered <= set(order):
                yield tuple(history[number] for number in order)


def _lawful(order: Sequence[Operation]) -> bool:
    """In time, and with the answers that a table with one row gives."""
    in_time = all(a.begin <= b.end for place, a in enumerate(order) for b in order[place:])
    state: State = None
    for operation in order:
        if not (in_time and operation.explained(state)):
            return False
        state = operation.applied(state)[1]
    return True
