"""What is asked: one row for each scenario. A scenario is some requests that are sent in turn, in a shuffled order."""

import json
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from benchmarks.patients import CONDITIONS, Patient

UNIQUE = "#N#"  # in a body: a number that no other request has
MARK = "B"  # how the patientID of a patient begins that a benchmark posted
PAGE = 20
SERVERS = ("ours", "json-server 0.17", "json-server 1", "fastify")
TWICE = ("ours, two workers", "fastify, two processes")
LIMITS = ("http limit", "database limit")
UNRECORDED = "ours without the journal"  # on a database whose changes are not on record
_VARIANTS = 200


class Request(NamedTuple):
    method: str
    path: str
    body: str = ""


class Beside(NamedTuple):
    """What other clients send all the while, each in turn: so many clients, and how often a second (None: at once)."""

    requests: Callable[[], list[Request]]
    clients: int
    a_second: int | None


class Scenario(NamedTuple):
    """`needs`: who is asked. `every`: at each number of patients and connections, not only where a figure is wanted."""

    name: str
    needs: tuple[str, ...]
    requests: Callable[[Sequence[Patient], random.Random], list[Request]]
    every: bool = True
    beside: Beside | None = None

    @property
    def writes(self) -> bool:
        return self.name in ("POST", "PATCH")


def requests_of(scenario: Scenario, patients: Sequence[Patient]) -> list[Request]:
    return scenario.requests(patients, random.Random(7))  # noqa: S311 reproducible, not secret


def _list(_: Sequence[Patient], __: random.Random) -> list[Request]:
    return [Request("GET", "/patients")]


def _items(patients: Sequence[Patient], dice: random.Random) -> list[Request]:
    return [Request("GET", f"/patients/{dice.choice(patients)['id']}") for _ in range(_VARIANTS * 5)]


def _pages(query: str, share: float = 1.0) -> Callable[[Sequence[Patient], random.Random], list[Request]]:
    """Pages of a query that `share` of the patients match; `{page}` in it is a page that has patients."""

    def requests(patients: Sequence[Patient], dice: random.Random) -> list[Request]:
        last = max(1, int(len(patients) * share / PAGE / 2))  # half the way: chance makes some matches fewer
        pages = (dice.randint(1, min(last, 50)) for _ in range(_VARIANTS))
        return [Request("GET", "/patients?" + query.format(page=page, size=PAGE)) for page in pages]

    return requests


def _deep(patients: Sequence[Patient], dice: random.Random) -> list[Request]:
    last = max(1, len(patients) // PAGE)
    pages = (dice.randint(max(1, last * 9 // 10), last) for _ in range(_VARIANTS))
    return [Request("GET", f"/patients?_page={page}&_limit={PAGE}") for page in pages]


def _searches(_: Sequence[Patient], dice: random.Random) -> list[Request]:
    words = [word.split()[0].lower() for word in CONDITIONS if word.isascii()]
    return [Request("GET", f"/patients?q={dice.choice(words)}&_page=1&_limit={PAGE}") for _ in range(_VARIANTS)]


def heavy_lists() -> list[Request]:
    """Pages with 32 filters on fields that nobody declared and 16 sort keys, no two of one shape."""
    dice = random.Random(7)  # noqa: S311 reproducible, not secret
    return [Request("GET", f"/patients?{_heavy(dice, place)}") for place in range(_VARIANTS)]


def _heavy(dice: random.Random, place: int) -> str:
    names = [f"field{place}x{number}" for number in range(32)]
    filters = [(name + dice.choice(("", "_ne", "_gte", "_lte", ":contains")), dice.randint(1, 99)) for name in names]
    return urlencode([*filters, ("_sort", ",".join(names[:16])), ("_page", 1), ("_limit", PAGE)])


def slow_lists() -> list[Request]:
    """Searches of the whole table that find nothing, no two alike: they never share an answer."""
    return [Request("GET", f"/patients?q=zz{place}%25q") for place in range(_VARIANTS)]


def _posts(patients: Sequence[Patient], _: random.Random) -> list[Request]:
    body = {**patients[0], "patientID": f"{MARK}{UNIQUE}"}
    del body["id"]
    return [Request("POST", "/patients", _json(body))]


def _patches(patients: Sequence[Patient], dice: random.Random) -> list[Request]:
    drawn = (dice.choice(patients) for _ in range(_VARIANTS))
    return [Request("PATCH", f"/patients/{p['id']}", _json({"medicalCondition": f"Checked {p['age']}"})) for p in drawn]


def _json(body: Patient) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


_OLD, _NEW = tuple(s for s in SERVERS if s != "json-server 1"), tuple(s for s in SERVERS if s != "json-server 0.17")
_FILTER = "gender=Female&age_gte=40"

SCENARIOS = (
    Scenario("list", (*SERVERS, *LIMITS), _list),
    Scenario("by id", (*SERVERS, *TWICE, *LIMITS), _items),
    Scenario("by id beside heavy lists", ("ours",), _items, beside=Beside(heavy_lists, 1, 20)),
    Scenario("by id beside slow lists", ("ours",), _items, beside=Beside(slow_lists, 8, None)),
    Scenario("sorted page", (*_OLD, *TWICE, *LIMITS), _pages("_sort=name&_order=asc&_page={page}&_limit={size}")),
    Scenario("sorted page, 1.x", (*_NEW, *LIMITS), _pages("_sort=name&_page={page}&_per_page={size}"), every=False),
    Scenario("filtered page", (*_OLD, *TWICE, *LIMITS), _pages(_FILTER + "&_page={page}&_limit={size}", 0.2)),
    Scenario(
        "filtered page, 1.x", (*_NEW, *LIMITS), _pages(_FILTER + "&_page={page}&_per_page={size}", 0.2), every=False
    ),
    Scenario("q page", (*_OLD, *LIMITS), _searches),
    Scenario("deep page", (*_OLD, *LIMITS), _deep),
    Scenario("POST", (*SERVERS, *TWICE, *LIMITS, UNRECORDED), _posts),
    Scenario("PATCH", (*SERVERS, *TWICE, *LIMITS, UNRECORDED), _patches),
)
