"""What was measured, as JSON and as a table: medians of the rounds, and how many times as fast we are."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.load import Sample
from benchmarks.scenarios import LIMITS, SERVERS, TWICE, UNRECORDED


class Cell(NamedTuple):
    """One scenario on one server, in rounds."""

    scenario: str
    patients: int
    connections: int
    server: str
    samples: tuple[Sample, ...]

    @property
    def place(self) -> tuple[int, str, int]:
        return self.patients, self.scenario, self.connections

    @property
    def rate(self) -> float:
        return median(sample.rate for sample in self.samples)


class ServerFacts(NamedTuple):
    """A server's process: seconds to its first answer, resident MiB at its peak."""

    server: str
    patients: int
    start_seconds: float
    peak_mib: float


def machine() -> Mapping[str, Any]:
    about = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in about if "model name" in line), "")
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.platform(), "load_before": os.getloadavg()[0]}


def as_json(cells: Iterable[Cell], facts: Iterable[ServerFacts], about: Mapping[str, Any]) -> str:
    rows = [
        {
            "patients": cell.patients,
            "scenario": cell.scenario,
            "connections": cell.connections,
            "server": cell.server,
            "requests_per_second": round(cell.rate, 1),
            "p50_ms": round(median(sample.p50 for sample in cell.samples), 3),
            "p99_ms": round(median(sample.p99 for sample in cell.samples), 3),
            "rounds": [round(sample.rate, 1) for sample in cell.samples],
        }
        for cell in cells
    ]
    return json.dumps({"about": about, "rows": rows, "servers": [fact._asdict() for fact in facts]}, indent=1)


def table(cells: Iterable[Cell], facts: Iterable[ServerFacts]) -> str:
    """Markdown. Beside each other's requests/s: ours divided by it."""
    places: dict[tuple[int, str, int], dict[str, Cell]] = {}
    for cell in cells:
        places.setdefault(cell.place, {})[cell.server] = cell
    names = [*SERVERS, *TWICE, *LIMITS, UNRECORDED]
    head = ["patients", "scenario", "conn.", *names, "p50 / p99 ms, ours"]
    return "\n\n".join([_markdown(head, [_row(place, row, names) for place, row in places.items()]), _facts(facts)])


def _row(place: tuple[int, str, int], row: Mapping[str, Cell], names: Iterable[str]) -> list[str]:
    patients, scenario, connections = place
    ours = row["ours"]
    latency = "{:.2f} / {:.2f}".format(*(median(getattr(s, p) for s in ours.samples) for p in ("p50", "p99")))
    figures = [_figure(row.get(name), ours) for name in names]
    return [f"{patients:,}", scenario, str(connections), *figures, latency]


def _figure(cell: Cell | None, ours: Cell) -> str:
    if cell is None:
        return ""
    if not cell.rate:
        return "none in time"
    return _short(cell.rate) if cell is ours else f"{_short(cell.rate)} ({ours.rate / cell.rate:.2f}x)"


def _short(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def _facts(facts: Iterable[ServerFacts]) -> str:
    rows = [[f"{f.patients:,}", f.server, f"{f.start_seconds:.2f}", f"{f.peak_mib:.0f}"] for f in facts]
    return _markdown(["patients", "server", "start, s", "peak memory, MiB"], rows)


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
