"""Many writers and what they were promised, judged as Jepsen does (its set test): an acknowledgement is a promise.

A 2xx says the write is done. An error or silence says nothing: it was done, or not, or will be. So a patient that met
one is left alone, and may afterwards be there as before or as after. Everything else is a loss.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import psycopg

from tests.crowds import at_work
from tests.integration.faults.wire import Client

Record = dict[str, Any] | None  # None: there is no such patient
WRITERS = 16
_run = count(1)


class Verdict(NamedTuple):
    """`acknowledged` counts by method, `unsure` by status (0: silence); `lost` and `strange` name patients, empty when
    every promise was kept. `promised`: when a patient's latest promise was made, as `time.monotonic()` has it."""

    acknowledged: Mapping[str, int]
    unsure: Mapping[int, int]
    promised: Mapping[str, float]
    lost: list[str]
    strange: list[str]
    slowest: float


class Writer(threading.Thread):
    """POSTs patients of its own, PATCHes and DELETEs some of those that are certain, until it is told to stop.

    (A thread has a `_delete` and a `_stop` of its own.)
    """

    def __init__(self, port: int, name: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.possible: dict[str, list[Record]] = {}
        self.acknowledged: Counter[str] = Counter()
        self.unsure: Counter[int] = Counter()
        self.promised: dict[str, float] = {}
        self.strange: list[str] = []
        self.slowest = 0.0
        self._prefix, self._told, self._client = name, stop, Client(port)
        self._certain: list[str] = []
        self._chance = random.Random(name)
        self._numbers = count(1)

    def run(self) -> None:
        while not self._told.is_set():
            step = self._chance.choices([self._post_one, self._patch_one, self._delete_one], [6, 3, 1])[0]
            step()
        self._client.close()

    def _post_one(self) -> None:
        key = f"{self._prefix}-{next(self._numbers)}"
        self.possible[key] = [None]
        record = {"id": key, **patient(key, self._chance)}
        self._send("POST", "/patients", key, record, record)

    def _patch_one(self) -> None:
        if self._certain:
            key = self._chance.choice(self._certain)
            changes = {"age": self._chance.randint(1, 99), "note": "n" * self._chance.randint(0, 2000)}
            before = self.possible[key][0] or {}
            self._send("PATCH", f"/patients/{key}", key, changes, before | changes)

    def _delete_one(self) -> None:
        if self._certain:
            key = self._chance.choice(self._certain)
            self._send("DELETE", f"/patients/{key}", key, None, None)

    def _send(self, method: str, path: str, key: str, body: Any, after: Record) -> None:
        answer = self._client.ask(method, path, body)
        self.slowest = max(self.slowest, answer.seconds)
        if key in self._certain:
            self._certain.remove(key)
        if answer.status in (200, 201):
            self.acknowledged[method] += 1
            self.promised[key] = time.monotonic()
            self.possible[key] = [after]
            if after is not None:
                self._certain.append(key)
        elif answer.status in (0, 503):
            self.unsure[answer.status] += 1
            self.possible[key].append(after)
            self._told.wait(0.02)
        else:  # a patient that is certain must take every change
            self.strange.append(f"{method} {key}: {answer.status}")


def patient(key: str, chance: random.Random) -> dict[str, Any]:
    """A body of a few hundred bytes to a few thousand, so that half of one would show."""
    return {
        "patientID": key,
        "name": f"Secretia {key}",
        "age": chance.randint(1, 99),
        "gender": chance.choice(["Male", "Female", "Other"]),
        "medicalCondition": f"Morbus {key}",
        "lastVisit": f"20{chance.randint(10, 24)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
        "history": [key] * chance.randint(1, 100),
    }


class Ledger:
    """Everything the writers of one scenario were told, through any number of rounds."""

    def __init__(self) -> None:
        self._writers: list[Writer] = []

    @contextmanager
    def writing(self, port: int, writers: int = WRITERS) -> Iterator[None]:
        """Writers at work while the block runs."""
        stop, run = threading.Event(), next(_run)
        team = [Writer(port, f"r{run}w{number}", stop) for number in range(writers)]
        self._writers += team
        with at_work(team, stop):
            yield

    def judge(self, connection: psycopg.Connection[Any]) -> Verdict:
        """Compare what was promised with what is stored, read from the database itself."""
        stored = _stored(connection)
        possible = {key: states for writer in self._writers for key, states in writer.possible.items()}
        return Verdict(
            acknowledged=sum((writer.acknowledged for writer in self._writers), Counter()),
            unsure=sum((writer.unsure for writer in self._writers), Counter()),
            promised={key: at for writer in self._writers for key, at in writer.promised.items()},
            lost=[key for key, states in possible.items() if stored.get(key) not in states],
            strange=[*sorted(stored.keys() - possible.keys()), *(s for w in self._writers for s in w.strange)],
            slowest=max(writer.slowest for writer in self._writers),
        )


def _stored(connection: psycopg.Connection[Any]) -> dict[str, Record]:
    rows = connection.execute(
        "SELECT id, patient_id, name, age, gender, medical_condition, last_visit::text, extra FROM patients"
    ).fetchall()
    names = ("id", "patientID", "name", "age", "gender", "medicalCondition", "lastVisit")
    assert len({row[1] for row in rows}) == len(rows), "a patient is stored twice"
    return {row[0]: dict(zip(names, row[:-1], strict=True)) | row[-1] for row in rows}
