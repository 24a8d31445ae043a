"""Whether what clients saw of one patient can be true: linearizability (Herlihy and Wing), decided just in time (Lowe).

There must be an order of all operations in which each takes effect at one moment between its request and its answer,
and every answer is the one that a table with one row would give there. An operation without an answer takes effect at
any later moment, or never.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

NOBODY_KNOWS = 0
NEVER = math.inf
_CASES = 100_000


class Version(NamedTuple):
    """A patient as the history tells it: the number of the write that made all of it, and of the PATCH after that."""

    whole: int
    part: int = 0


State = Version | None  # None: there is no such patient
Possible = tuple[State, frozenset[int]]  # and which of the operations under way have taken effect


class Operation(NamedTuple):
    """What one request did, as its client saw it.

    `begin`, `end`: seconds on one clock; `NEVER` without an answer. `number`: the write's own, never used again.
    `seen`: the patient in the answer. `condition`: the version that If-Match named.
    """

    method: str
    begin: float
    end: float
    status: int
    number: int = 0
    seen: State = None
    condition: State = None

    def applied(self, state: State) -> tuple[int, State]:
        """The status it must get in this state, and the state it leaves behind."""
        if self.method == "POST":
            return (201, Version(self.number)) if state is None else (409, state)
        if state is None:
            return 404, None
        if self.condition not in (None, state):
            return 412, state
        return 200, self._leaves(state)

    def _leaves(self, state: Version) -> State:
        return {
            "GET": state,
            "PUT": Version(self.number),
            "PATCH": Version(state.whole, self.number),
            "DELETE": None,
        }[self.method]

    def explained(self, state: State) -> bool:
        """Whether its answer is the one that this state gives."""
        if self.status == NOBODY_KNOWS:
            return True
        status, after = self.applied(state)
        return self.status == status and (status not in (200, 201) or self.seen == after)


def contradiction(history: Sequence[Operation]) -> Operation | None:
    """The first answer that no order explains; None when the history is linearizable. It begins without the patient."""
    possible: set[Possible] = {(None, frozenset())}
    under_way: dict[int, Operation] = {}
    for number, ends in _events(history):
        if not ends:
            under_way[number] = history[number]
            continue
        possible = {(state, done - {number}) for state, done in _reachable(possible, under_way, number)}
        if not possible:
            return history[number]
        del under_way[number]
    return None


def _events(history: Sequence[Operation]) -> Iterator[tuple[int, bool]]:
    """(operation, whether it ends) in the order of time; of what is simultaneous first what begins."""
    begins = [(operation.begin, False, number) for number, operation in enumerate(history)]
    ends = [(operation.end, True, number) for number, operation in enumerate(history) if operation.end < NEVER]
    return ((number, ending) for _, ending, number in sorted(begins + ends))


def _reachable(possible: Iterable[Possible], under_way: Mapping[int, Operation], wanted: int) -> Iterator[Possible]:
    """Everything that can be the case once `wanted` has taken effect, and no later operation than needed for that.

    Of two cases that differ in what may still happen the one with more left is enough: that need never happen.
    """
    optional = frozenset(number for number, operation in under_way.items() if operation.end == NEVER)
    left = deque(sorted(possible, key=lambda case: len(case[1])))
    met = defaultdict[Possible, list[frozenset[int]]](list)
    while left:
        state, done = left.popleft()
        others = met[state, done - optional]
        if any(fewer <= done for fewer in others):
            continue
        others.append(done)
        assert len(met) < _CASES, "too little is known to judge"
        if wanted in done:
            yield state, done
        else:
            left += _next(state, done, under_way)


def _next(state: State, done: frozenset[int], under_way: Mapping[int, Operation]) -> Iterator[Possible]:
    """What one operation more makes of it. One without an answer that would change nothing is left for later."""
    for number, operation in under_way.items():
        if number not in done and operation.explained(state):
            after = operation.applied(state)[1]
            if operation.end < NEVER or after != state:
                yield after, done | {number}
