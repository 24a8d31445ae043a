"""What there is to say of a move, as a page that keeps itself up to date and as metrics for Prometheus."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from app.cutover.stages import STAGES

_FILES = Path(__file__).parent / "page"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_TYPES = {"page.css": "text/css", "page.js": "text/javascript"}
Facts = Mapping[str, Any]


def page(facts: Facts) -> Response:
    pages = Environment(loader=FileSystemLoader(_FILES), autoescape=True, undefined=StrictUndefined)
    pages.filters["clock"] = lambda at: time.strftime("%H:%M:%S", time.localtime(at))
    text = pages.get_template("page.html").render(now=facts, stages=list(STAGES))
    return Response(text, media_type="text/html", headers={"content-security-policy": _POLICY})


def file(name: str) -> Response:
    """Of the page: its style or its script."""
    return Response((_FILES / name).read_bytes(), media_type=_TYPES[name])


def metrics(facts: Facts) -> Response:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(facts))
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


class _Told(Collector):
    """A collector of what the facts say."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        yield _family("stage", "The stage in effect.", {(facts["stage"],): 1}, "stage", counts=False)
        yield _family("share", "Per cent of the clients.", {(): facts["share"]}, counts=False)
        yield _family("held", "Whether it should fall back and may not.", {(): int(bool(facts["held"]))}, counts=False)
        journal = {name: facts["journal"][name] for name in ("open", "owed", "unfinished")}
        lacking = _flat(journal | {"refused": len(facts["journal"]["refused"])})
        yield _family("journal_records", "What one side lacks.", lacking, "state", counts=False)
        yield _family("fallbacks", "Times it fell back.", {(): facts["fallbacks"]})
        yield _family("requests", "Answers.", _requests(facts["requests"]), "stage", "side", "class")
        yield _family("failures", "Requests that failed.", _nested(facts["failed"]), "side", "why")
        yield _family("comparisons", "Answers of both sides.", _flat(facts["comparisons"]), "outcome")
        yield _family("skipped", "Not compared.", _flat(facts["skipped"]), "why")
        yield _family("explained", "Differences that a row explains.", _flat(facts["explained_by"]), "row")
        yield _family("copied", "Records copied to a side.", _flat(facts["copied"]), "side")
        yield _family("seconds", "Latest answers.", _nested(facts["seconds"]), "side", "quantile", counts=False)


def _family(name: str, says: str, values: Mapping[tuple[str, ...], float], *labels: str, counts: bool = True) -> Metric:
    kind = CounterMetricFamily if counts else GaugeMetricFamily
    family = kind(f"cutover_{name}", says, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _flat(found: Mapping[str, float]) -> Mapping[tuple[str, ...], float]:
    return {(name,): value for name, value in found.items()}


def _nested(found: Mapping[str, Mapping[str, float]]) -> Mapping[tuple[str, ...], float]:
    return {(str(one), str(other)): value for one, inner in found.items() for other, value in inner.items()}


def _requests(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Mapping[tuple[str, ...], float]:
    return {(stage, *key): value for stage, sides in found.items() for key, value in _nested(sides).items()}
