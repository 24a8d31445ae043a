"""Clients that write and read through the cutover, and what they were promised: an acknowledgement is a promise.

A 2xx with a record says the write is done; anything else says nothing of it, and its record is left alone from then on.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from tests.crowds import at_work
from tests.cutover.trio import asked
from tests.patients import patient

_numbers = count(10_000)


class Writer(threading.Thread):
    """Creates patients of its own, changes, replaces and deletes them, and reads, until it is told to stop."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.sure: dict[str, Mapping[str, Any] | None] = {}
        self.answers = Counter[str]()
        self._port, self._told = port, stop
        self._chance = random.Random(next(_numbers))

    def run(self) -> None:
        steps = [self._create, self._change, self._replace, self._delete, self._read]
        while not self._told.is_set():
            self._chance.choices(steps, [4, 3, 1, 1, 5])[0]()

    def _create(self) -> None:
        record = patient(next(_numbers), note="n" * self._chance.randint(0, 500))
        if made := self._done("POST", "/patients", record):
            self.sure[made["id"]] = made

    def _change(self) -> None:
        for key, record in self._one():
            changes = {"age": self._chance.randint(1, 99)}
            if self._done("PATCH", f"/patients/{key}", changes):
                self.sure[key] = {**record, **changes}

    def _replace(self) -> None:
        for key, record in self._one():
            if self._done("PUT", f"/patients/{key}", {**record, "name": "Anders"}):
                self.sure[key] = {**record, "name": "Anders"}

    def _delete(self) -> None:
        for key, _ in self._one():
            if self._done("DELETE", f"/patients/{key}") is not None:
                self.sure[key] = None

    def _read(self) -> None:
        path = self._chance.choice(["/patients?_sort=age&_limit=5", "/patients?_page=1&_limit=3", "/patients"])
        self._done("GET", path)

    def _one(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """A record of which is known what it is; it is not known from here on until the answer says so."""
        there = [(key, record) for key, record in self.sure.items() if record is not None]
        chosen = [self._chance.choice(there)] if there else []
        for key, _ in chosen:
            del self.sure[key]
        return chosen

    def _done(self, method: str, path: str, body: Any = None) -> Any:
        answer = asked(self._port, method, path, body)
        self.answers[f"{method} {answer.status}"] += 1
        if answer.status not in (200, 201) or "json" not in answer.headers.get("content-type", ""):
            self._told.wait(0.02)
            return None
        return answer.json


class Ledger:
    """What all writers of a test were told."""

    def __init__(self) -> None:
        self._writers: list[Writer] = []

    @contextmanager
    def writing(self, port: int, writers: int = 4) -> Iterator[None]:
        stop = threading.Event()
        team = [Writer(port, stop) for _ in range(writers)]
        self._writers += team
        with at_work(team, stop):
            yield

    @property
    def answers(self) -> Counter[str]:
        return sum((writer.answers for writer in self._writers), Counter[str]())

    @property
    def acknowledged(self) -> int:
        writes = {"POST 201", "PUT 200", "PATCH 200", "DELETE 200"}
        return sum(times for said, times in self.answers.items() if said in writes)

    def lost(self, records: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Of what was promised, what is not so in this list."""
        there = {record["id"]: record for record in records}
        promised = ((key, record) for writer in self._writers for key, record in writer.sure.items())
        return [key for key, record in promised if there.get(key) != record]
