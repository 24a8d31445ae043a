"""How the rates grow with connections, patients and processes: an SVG of each, for docs/performance.md."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pygal
from pygal.style import Style

from benchmarks.report import Cell
from benchmarks.scenarios import TWICE

_PATIENTS, _CONNECTIONS = 10_000, 16  # where they are not what varies
_GREY = "#7d8590"  # is read on white and on black
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground=_GREY,
    foreground_strong=_GREY,
    foreground_subtle=_GREY,
    colors=("#0969da", "#1f883d", "#8250df", "#bf8700", "#cf222e", _GREY),
    guide_stroke_color=_GREY,
    major_guide_stroke_color=_GREY,
    guide_stroke_dasharray="1,4",
    major_guide_stroke_dasharray="1,4",
    font_family="sans-serif",
    title_font_size=15,
    opacity="1",
)
_Rates = Mapping[tuple[str, str, int, int], float]  # by scenario, server, connections, patients


def draw(cells: Iterable[Cell], folder: Path) -> list[Path]:
    """Writes the pictures and gives their places. What was not measured they leave out."""
    rates = {(one.scenario, one.server, one.connections, one.patients): one.rate for one in cells}
    return [
        _written(_by_connections(rates), folder / "performance-connections.svg"),
        _written(_by_patients(rates), folder / "performance-patients.svg"),
        _written(_by_processes(rates), folder / "performance-processes.svg"),
    ]


def _by_connections(rates: _Rates) -> pygal.Line:
    numbers = sorted({connections for _, _, connections, _ in rates})
    asked = [("by id", "ours"), ("by id", TWICE[0]), ("sorted page", "ours"), ("POST", "ours"), ("PATCH", "ours")]
    lines = {
        f"{name}{'' if server == 'ours' else ', two workers'}": [
            rates.get((name, server, n, _PATIENTS)) for n in numbers
        ]
        for name, server in asked
    }
    return _filled(pygal.Line(logarithmic=True), f"By connections, of {_PATIENTS:,} patients", numbers, lines)


def _by_patients(rates: _Rates) -> pygal.Line:
    sizes = sorted({patients for *_, patients in rates})
    names = ("by id", "POST", "PATCH", "sorted page", "q page", "deep page")
    lines = {name: [rates.get((name, "ours", _CONNECTIONS, size)) for size in sizes] for name in names}
    return _filled(pygal.Line(logarithmic=True), f"By patients, {_CONNECTIONS} connections", sizes, lines)


def _by_processes(rates: _Rates) -> pygal.Bar:
    most = max(connections for _, _, connections, _ in rates)
    names = ("by id", "sorted page", "filtered page", "POST", "PATCH")
    bars = {
        server: [rates.get((name, server, most, _PATIENTS)) for name in names]
        for server in ("ours", TWICE[0], "fastify", TWICE[1])
    }
    return _filled(pygal.Bar(), f"One process and two, {most} connections", names, bars)


def _filled(
    chart: pygal.Line | pygal.Bar, title: str, labels: Sequence[object], rows: Mapping[str, Sequence[float | None]]
) -> pygal.Line | pygal.Bar:
    chart.config(
        style=_STYLE,
        js=(),
        title=f"Requests a second. {title}",
        x_labels=[f"{one:,}" if isinstance(one, int) else one for one in labels],
        width=600,
        height=430,
        explicit_size=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        truncate_legend=-1,
        truncate_label=-1,
    )
    for label, values in rows.items():
        chart.add(label, values)
    return chart


def _written(chart: pygal.Line | pygal.Bar, path: Path) -> Path:
    chart.render_to_file(str(path))
    return path
