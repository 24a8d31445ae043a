"""Clients that race for a few patients and note what each request did; `histories` judges their notes."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import psycopg

from tests.crowds import at_work
from tests.integration.faults.histories import NEVER, NOBODY_KNOWS, Operation, Version, contradiction
from tests.integration.faults.wire import Answer, Client
from tests.servers import wait_until

CLIENTS = 16
PATIENTS = 20
WEIGHTS = {"POST": 2, "PUT": 3, "PATCH": 3, "DELETE": 1, "GET": 5, "list": 1}
CONDITIONAL = ("PUT", "PATCH", "DELETE")  # half of these with If-Match
_LIST = f"/patients?_limit={10 * PATIENTS}"
_runs = count(1)


class Verdict(NamedTuple):
    """`answers` counts (method, status, whether with If-Match); `false` and `strange` are empty if all was true."""

    answers: Mapping[tuple[str, int, bool], int]
    false: list[Operation]
    strange: list[str]
    unanswered: int


class Race:
    """One run: patients of its own, all that happened to each, and what its clients tell each other.

    `tags`: the entity tag of each version. `latest`: the version that one of them has seen last.
    """

    def __init__(self) -> None:
        run = next(_runs)
        self.keys = [f"race{run}-{number}" for number in range(PATIENTS)]
        self.numbers = count(1)
        self.tags: dict[tuple[str, Version], str] = {}
        self.latest: dict[str, Version] = {}
        self._racers: list[Racer] = []

    @contextmanager
    def running(self, port: int, requests: int) -> Iterator[None]:
        """Clients at work while the block runs, and until there were so many requests."""
        told = threading.Event()
        self._racers = [Racer(self, port, told, seed) for seed in range(CLIENTS)]
        with at_work(self._racers, told):
            yield
            wait_until(lambda: sum(racer.asked for racer in self._racers) >= requests, 60, "enough is asked")

    def judge(self, connection: psycopg.Connection[Any]) -> Verdict:
        """What is stored at the end counts as a read of each patient."""
        histories = self.histories(connection)
        found = map(contradiction, histories)
        return Verdict(
            answers=Counter((done.method, done.status, done.condition is not None) for h in histories for done in h),
            false=[operation for operation in found if operation],
            strange=[sentence for racer in self._racers for sentence in racer.strange],
            unanswered=sum(racer.unanswered for racer in self._racers),
        )

    def histories(self, connection: psycopg.Connection[Any]) -> list[list[Operation]]:
        """One for each patient."""
        notes = [note for racer in self._racers for note in racer.notes] + self._stored(connection)
        of_each = defaultdict[str, list[Operation]](list)
        for key, operation in notes:
            of_each[key].append(operation)
        return list(of_each.values())

    def _stored(self, connection: psycopg.Connection[Any]) -> list[tuple[str, Operation]]:
        begin = time.monotonic()
        rows: list[dict[str, Any]] = [
            {"id": key, **extra} for key, extra in connection.execute("SELECT id, extra FROM patients")
        ]
        return list(_reads(self.keys, rows, begin))


class Racer(threading.Thread):
    """Does one thing after another to patients that others change too, until it is told to stop."""

    def __init__(self, race: Race, port: int, told: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.notes: list[tuple[str, Operation]] = []
        self.strange: list[str] = []
        self.asked = self.unanswered = 0
        self._race, self._told, self._client = race, told, Client(port)
        self._chance = random.Random(seed)

    def run(self) -> None:
        while not self._told.is_set():
            method = self._chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            if method == "list":
                self._read_all()
            else:
                self._ask(method, self._chance.choice(self._race.keys))
            self.asked += 1
        self._client.close()

    def _ask(self, method: str, key: str) -> None:
        number, condition = next(self._race.numbers), self._condition(method, key)
        headers = {"If-Match": self._race.tags[key, condition]} if condition else {}
        path = "/patients" if method == "POST" else f"/patients/{key}"
        begin = time.monotonic()
        answer = self._client.ask(method, path, _body(method, key, number), headers)
        operation = Operation(method, begin, time.monotonic(), answer.status, number, condition=condition)
        if answer.status in (0, 503):
            self._note_silence(key, operation, sent=answer.body != b"ConnectionRefusedError")
        elif answer.status in (200, 201, 404, 409, 412):
            self.notes.append((key, operation._replace(seen=self._version(method, key, answer))))
        else:
            self.strange.append(f"{method}: {answer.status}")

    def _condition(self, method: str, key: str) -> Version | None:
        wanted = method in CONDITIONAL and self._chance.random() < 0.5
        return self._race.latest.get(key) if wanted else None

    def _note_silence(self, key: str, operation: Operation, *, sent: bool) -> None:
        """A write may still happen. A read says nothing then, and what nobody took never will happen."""
        if sent:
            self.unanswered += 1
            if operation.method != "GET":
                self.notes.append((key, operation._replace(end=NEVER, status=NOBODY_KNOWS)))
        self._told.wait(0.3)

    def _version(self, method: str, key: str, answer: Answer) -> Version | None:
        """The one in the answer, which has the tag that it always has."""
        if answer.status not in (200, 201) or method == "DELETE":
            return None
        version = _version(answer.json())
        if self._race.tags.setdefault((key, version), answer.headers["etag"]) != answer.headers["etag"]:
            self.strange.append(f"{method}: one version has two tags")
        self._race.latest[key] = version
        return version

    def _read_all(self) -> None:
        begin = time.monotonic()
        answer = self._client.ask("GET", _LIST)
        if answer.status != 200:
            return
        rows = answer.json()
        self.notes += _reads(self._race.keys, rows, begin)
        if not len({row["id"] for row in rows}) == len(rows) == int(answer.headers["x-total-count"]):
            self.strange.append("a list shows a patient twice, or counts other than it shows")


def _reads(keys: list[str], rows: list[dict[str, Any]], begin: float) -> Iterator[tuple[str, Operation]]:
    """What a list says of every patient."""
    end, seen = time.monotonic(), {row["id"]: _version(row) for row in rows}
    for key in keys:
        yield key, Operation("GET", begin, end, 200 if key in seen else 404, seen=seen.get(key))


def _version(row: Mapping[str, Any]) -> Version:
    return Version(row["whole"], row["part"])


def _body(method: str, key: str, number: int) -> dict[str, Any] | None:
    if method == "PATCH":
        return {"part": number}
    return _patient(key, number) if method in ("POST", "PUT") else None


def _patient(key: str, number: int) -> dict[str, Any]:
    return {
        "id": key,
        "patientID": key,
        "name": f"Secretia {number}",
        "age": 1 + number % 99,
        "gender": "Other",
        "medicalCondition": f"Morbus {number}",
        "lastVisit": "2024-01-15",
        "whole": number,
        "part": 0,
    }
