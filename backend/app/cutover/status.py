"""What there is to say of a move: counted here, shown by every face alike. Nothing of a record comes in."""

import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.cutover.comparing import Verdict
from app.cutover.events import Event
from app.cutover.exchanges import Request
from app.cutover.stages import SideName, StageName

_EVENTS, _EXAMPLES, _STRANGERS, _TIMES = 200, 50, 100, 1000
_LONG = 200
_SUSPICIOUS = 0.01
"""The part of all answers from which on somebody should look at what a row explains."""


class Example(NamedTuple):
    """A difference, without a value: the address with what stands behind each `=` cut out, and where in the answers."""

    at: float
    stage: StageName
    address: str
    place: str
    row: str
    """The rows that explain it; empty: nothing does."""


class Status:
    def __init__(self) -> None:
        self.stage: StageName = "old"
        self.requests: dict[StageName, dict[SideName, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        """By stage, side and class: `2xx`."""
        self.failures: dict[SideName, Counter[str]] = defaultdict(Counter)
        self.rescues, self.copies = Counter[SideName](), Counter[SideName]()
        self.comparisons, self.skipped, self.rows = Counter[str](), Counter[str](), Counter[str]()
        self.compared_here = Counter[str]()
        """Of the stage in effect: equal, explained, different."""
        self.fallbacks = 0
        self.events: deque[Event] = deque(maxlen=_EVENTS)
        self.examples: deque[Example] = deque(maxlen=_EXAMPLES)
        self.strangers = Counter[str]()
        self.seconds: dict[SideName, deque[float]] = {"old": deque(maxlen=_TIMES), "new": deque(maxlen=_TIMES)}

    def entered(self, stage: StageName) -> None:
        self.stage = stage
        self.compared_here.clear()

    def answered(self, side: SideName, status: int, seconds: float) -> None:
        """A client has its answer from this side."""
        self.requests[self.stage][side][f"{status // 100}xx"] += 1
        self.seconds[side].append(seconds)

    def failed(self, side: SideName, why: str) -> None:
        self.failures[side][why] += 1

    def rescued(self, side: SideName) -> None:
        """This side answered a read that the other one failed."""
        self.rescues[side] += 1

    def of_stage(self) -> tuple[int, int]:
        """Comparisons of the stage in effect: equal or explained, and different."""
        here = self.compared_here
        return here["equal"] + here["explained"], here["different"]

    def compared(self, verdict: Verdict, request: Request) -> None:
        self.compared_here[verdict.kind] += 1
        self.comparisons[verdict.kind] += 1
        self.rows.update(filter(None, verdict.row.split(", ")))
        if verdict.kind != "equal":
            address = cut(request.path, request.query)
            self.examples.append(Example(round(time.time(), 3), self.stage, address, verdict.place, verdict.row))

    def raced(self) -> None:
        """A difference that was not there any more while nobody wrote."""
        self.comparisons["raced"] += 1

    def not_compared(self, why: str) -> None:
        self.skipped[why] += 1

    def copied(self, side: SideName) -> None:
        self.copies[side] += 1

    def stranger(self, name: str) -> None:
        """An address outside of what moves."""
        if name in self.strangers or len(self.strangers) < _STRANGERS:
            self.strangers[name] += 1

    def event(self, event: Event) -> None:
        self.fallbacks += ": fell back: " in event.text
        self.events.append(event)

    def suspicious(self) -> Sequence[str]:
        """The rows that explain so much that somebody should look at it."""
        least = _SUSPICIOUS * (sum(self.comparisons.values()) - self.comparisons["raced"])
        return [row for row, count in self.rows.most_common() if count > least]

    def as_json(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "failed": self.failures,
            "rescued": self.rescues,
            "copied": self.copies,
            "compared": self.compared_here,
            "comparisons": self.comparisons,
            "skipped": self.skipped,
            "explained_by": self.rows,
            "look_at": self.suspicious(),
            "fallbacks": self.fallbacks,
            "seconds": {side: _quantiles(sorted(times)) for side, times in self.seconds.items()},
            "events": [event._asdict() for event in self.events],
            "examples": [example._asdict() for example in self.examples],
            "strangers": self.strangers,
        }


def _quantiles(times: Sequence[float]) -> Mapping[str, float]:
    return {f"p{part}": times[len(times) * part // 100] for part in (50, 99)} if times else {}


def cut(path: str, query: str) -> str:
    """An address without values: `/doctors/{id}?name=…`. Of a parameter without `=` nothing is left."""
    first, *rest = path.strip("/").split("/")
    parts = [first, *("{id}" if number % 2 == 0 else part for number, part in enumerate(rest))]
    names = [name + "=…" if sign else "…" for name, sign, _ in (pair.partition("=") for pair in query.split("&"))]
    return ("/" + "/".join(parts) + (f"?{'&'.join(names)}" if query else ""))[:_LONG]
