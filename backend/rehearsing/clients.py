"""Clients of a rehearsal: two that read, one that writes, at an unhurried pace, and what they were promised."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from typing import Any, Self

_READS = (
    "/patients",
    "/patients?_page=1&_limit=5",
    "/patients?_sort=name&_order=desc",
    "/patients?gender=Female&age_gte=40",
    "/patients?q=asthma",
    "/patients/3e3a",
)
_EXPLAINED = "/patients?age=045"  # json-server compares numbers as text: a row of the table of differences
_RARELY = 0.03
_PEOPLE = 40
_PATIENCE = 15.0
_PAUSE = 0.03  # seconds between two requests of one who reads
_THOUGHT = 0.3  # and of one who writes, in which all that was written is on both sides


class Clients:
    """They work while this is a context. `promised`: by id the age that was acknowledged; None: deleted."""

    def __init__(self, port: int) -> None:
        self.answers = Counter[str]()
        self.promised: dict[str, int | None] = {}
        self._port, self._over, self._numbers = port, threading.Event(), count(1)
        self._threads = [
            threading.Thread(target=self._work, args=[work, pause], daemon=True)
            for work, pause in ((self._read, _PAUSE), (self._read, _PAUSE), (self._write, _THOUGHT))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(4 * _PATIENCE)

    def broken(self, records: list[Mapping[str, Any]]) -> list[str]:
        """The ids of which a list says something else than was acknowledged."""
        promised = dict(self.promised)  # whoever writes goes on
        there = {str(record["id"]): record["age"] for record in records}
        return [id for id, age in promised.items() if there.get(id) != age]

    def _work(self, work: Callable[[], None], pause: float) -> None:
        while not self._over.wait(pause):
            work()

    def _read(self) -> None:
        self._ask("GET", _EXPLAINED if random.random() < _RARELY else random.choice(_READS))  # noqa: S311

    def _write(self) -> None:
        """A patient comes, has a birthday, and sometimes goes."""
        number = next(self._numbers)
        made = self._ask("POST", "/patients", _patient(number))
        self._keep(made, made)
        if made:
            changed = self._ask("PATCH", f"/patients/{made['id']}", {"age": 50})
            self._keep(made, changed)
        if made and number % 4 == 0:
            gone = self._ask("DELETE", f"/patients/{made['id']}")
            self.promised |= {made["id"]: None} if gone is not None else {}

    def _keep(self, made: Any, said: Any) -> None:
        """What is not acknowledged says nothing of the record."""
        if made and said:
            self.promised[made["id"]] = said["age"]
        elif made:
            self.promised.pop(made["id"], None)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a 2xx; None of anything else. Each request is another person's."""
        headers = {"User-Agent": f"person {random.randrange(_PEOPLE)}", "Content-Type": "application/json"}  # noqa: S311
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)) as connection:
            try:
                connection.request(method, path, json.dumps(body) if body else None, headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                self.answers["no answer"] += 1
                return None
        self.answers[f"{answer.status // 100}xx"] += 1
        return json.loads(said) if answer.status in (200, 201) else None


def _patient(number: int) -> Mapping[str, Any]:
    return {
        "patientID": f"DEMO-{number:05}",
        "name": f"Somebody {number}",
        "age": 49,
        "gender": "Other",
        "medicalCondition": "Asthma",
        "lastVisit": "2024-01-15",
    }
