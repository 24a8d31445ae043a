"""What there is to say of a move, on a terminal: as it is now, and again each second while somebody watches."""

import json
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from app.cutover.leading import Said, Whom, status

_SECONDS = 1.0
_RECENT = 5
Facts = Mapping[str, Any]


def watch(whom: Whom, console: Console) -> Said:
    """Until Ctrl-C, or until nobody answers."""
    with Live(console=console, auto_refresh=False) as live:
        while not (said := status(whom)).code:
            live.update(view(json.loads(said.text)), refresh=True)
            time.sleep(_SECONDS)
    return said


def view(facts: Facts) -> Group:
    share = f", {facts['share']} % of the clients" if facts["stage"] == "ramp" else ""
    held = [Text(f"held: {facts['held']}", "bold red")] if facts["held"] else []
    events = [Text(_clock(one["at"]) + one["text"]) for one in facts["events"][-_RECENT:]]
    examples = [
        Text(f"{_clock(one['at'])}{one['address']} {one['place']}: {one['row'] or 'different'}", _style(one))
        for one in facts["examples"][-_RECENT:]
    ]
    return Group(
        Text(f"stage {facts['stage']}{share}", "bold"), *held, _counts(facts), _sides(facts), *examples, *events
    )


def _counts(facts: Facts) -> Table:
    journal, compared = facts["journal"], facts["comparisons"]
    names = ("equal", "explained", "raced", "different")
    numbers = {name: compared.get(name, 0) for name in names}
    numbers |= {"owed": journal["owed"], "refused": len(journal["refused"]), "fallbacks": facts["fallbacks"]}
    table = Table(*numbers)
    table.add_row(*map(str, numbers.values()))
    return table


def _sides(facts: Facts) -> Table:
    table = Table("side", "answered", "failed", "rescued", "copied to it", "p50", "p99")
    here = facts["requests"].get(facts["stage"], {})
    for side in ("old", "new"):
        numbers = [sum(found.get(side, {}).values()) for found in (here, facts["failed"])]
        numbers += [found.get(side, 0) for found in (facts["rescued"], facts["copied"])]
        times = [f"{value * 1000:.1f} ms" for value in facts["seconds"][side].values()] or ["", ""]
        table.add_row(side, *map(str, numbers), *times)
    return table


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S ", time.localtime(at))


def _style(example: Facts) -> str:
    return "" if example["row"] else "red"
