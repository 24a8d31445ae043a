"""What a json-server and ours have answered, judged: alike, or a difference that the table explains."""

from collections.abc import Iterable

from app.cutover.comparable import Version, same
from app.cutover.differences import Exchange, explanations
from tests.contract.faults import faulty


class Evidence:
    """Which rows of the table have explained something, and how many tests have looked for it."""

    def __init__(self) -> None:
        self.shown: set[tuple[str, Version]] = set()
        self.tests = 0

    def judge(self, exchanges: Iterable[Exchange]) -> None:
        """Fails with all that differ where nothing explains it, and with those of which a fault would be explained."""
        self.tests += 1
        faults = [fault for exchange in exchanges if (fault := self._fault(exchange))]
        assert not faults, "\n".join(faults)

    def _fault(self, exchange: Exchange) -> str:
        asked = f"{exchange.method} {exchange.target}"
        if same(exchange.theirs, exchange.ours):
            excused = [rows for one in faulty(exchange) if (rows := explanations(one))]
            return f"{asked}: {excused} explain a record that is not equal" if excused else ""
        rows = explanations(exchange)
        self.shown |= {(row.name, exchange.version) for row in rows}
        return "" if rows else f"{asked}: {exchange.theirs} but ours {exchange.ours}"
