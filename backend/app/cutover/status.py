"""What there is to say of a move: counted here, shown by every face alike."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from app.cutover.comparing import Verdict
from app.cutover.events import Event
from app.cutover.exchanges import Request
from app.cutover.stages import SideName, StageName

_EVENTS, _STRANGERS, _TIMES = 200, 100, 1000


class Status:
    """Nothing of a patient comes in: no query's values, no body."""

    def __init__(self) -> None:
        self.counts = Counter[str]()
        self.compared_here = Counter[str]()
        """Of the stage in effect: equal, explained, different."""
        self.stage: StageName = "old"
        self.events: deque[Event] = deque(maxlen=_EVENTS)
        self.strangers = Counter[str]()
        self.seconds: dict[SideName, deque[float]] = {"old": deque(maxlen=_TIMES), "new": deque(maxlen=_TIMES)}

    def entered(self, stage: StageName) -> None:
        self.stage = stage
        self.compared_here.clear()

    def answered(self, side: SideName, status: int, seconds: float) -> None:
        """A client has its answer from this side."""
        self.counts[f"{side}_answered_{status // 100}xx"] += 1
        self.seconds[side].append(seconds)

    def failed(self, side: SideName, why: str) -> None:
        self.counts[f"{side}_failed_{why}"] += 1

    def rescued(self, side: SideName) -> None:
        """This side answered a read that the other one failed."""
        self.counts[f"{side}_rescued"] += 1

    def of_stage(self) -> tuple[int, int]:
        """Comparisons of the stage in effect: equal or explained, and different."""
        here = self.compared_here
        return here["equal"] + here["explained"], here["different"]

    def compared(self, verdict: Verdict, request: Request) -> None:
        self.compared_here[verdict.kind] += 1
        self.counts[f"{verdict.kind}_{request.method}"] += 1

    def not_compared(self, why: str) -> None:
        self.counts[f"not_compared_{why}"] += 1

    def copied(self, side: SideName) -> None:
        self.counts[f"{side}_copied"] += 1

    def stranger(self, name: str) -> None:
        """An address outside of what moves."""
        if name in self.strangers or len(self.strangers) < _STRANGERS:
            self.strangers[name] += 1

    def event(self, event: Event) -> None:
        self.events.append(event)

    def as_json(self) -> dict[str, Any]:
        return {
            "events": [event._asdict() for event in self.events],
            "counts": dict(self.counts),
            "compared": dict(self.compared_here),
            "strangers": dict(self.strangers),
            "seconds": {side: _quantiles(sorted(times)) for side, times in self.seconds.items()},
        }


def _quantiles(times: Sequence[float]) -> dict[str, float]:
    return {f"p{part}": times[len(times) * part // 100] for part in (50, 99)} if times else {}
