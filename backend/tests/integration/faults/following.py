"""Many who write at once, by hand and through servers, and what those who follow make of it, judged by the journal.

A writer by hand holds row locks from one statement to the next, as no request does: that is what disorders changes.
"""

import json
import random
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any, NamedTuple

import psycopg

from tests.integration.faults.wire import Client
from tests.patients import patient

IDS = [f"hot-{number}" for number in range(12)]
Seen = list[tuple[str, int]]  # id and version of each change that was told, in order

_COLUMNS = "(id, patient_id, name, age, gender, medical_condition, last_visit)"
_ROW = f"INSERT INTO patients {_COLUMNS} VALUES (%(id)s, %(id)s, 'Secretia', %(age)s, 'Other', 'Morbus', '2024-01-15')"
_STATEMENTS = (
    f"{_ROW} ON CONFLICT (id) DO UPDATE SET age = excluded.age",
    f"{_ROW} ON CONFLICT DO NOTHING",
    "UPDATE patients SET age = %(age)s WHERE id = %(id)s",
    "UPDATE patients SET age = %(age)s WHERE id IN (%(id)s, %(other)s)",
    "DELETE FROM patients WHERE id = %(id)s",
)


class Worker(threading.Thread, ABC):
    """Takes a step after another until it is told to stop; then closes what it works on."""

    def __init__(self, seed: object, line: "Client | psycopg.Connection[Any] | None" = None) -> None:
        super().__init__(daemon=True)
        self.chance = random.Random(str(seed))
        self.told = threading.Event()
        self._line = line

    def run(self) -> None:
        while not self.told.is_set():
            self.step()
        if self._line:
            self._line.close()

    @abstractmethod
    def step(self) -> None: ...


@contextmanager
def working(workers: Sequence[Worker]) -> Iterator[None]:
    for worker in workers:
        worker.start()
    yield
    for worker in workers:
        worker.told.set()
    for worker in workers:
        worker.join()


class ByHand(Worker):
    """Transactions of several statements, some of them given up."""

    def __init__(self, seed: object, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, options="-c deadlock_timeout=10ms")
        super().__init__(seed, self._connection)

    def step(self) -> None:
        try:
            for _ in range(self.chance.randint(1, 4)):
                values = {"id": self._one(), "other": self._one(), "age": self.chance.randint(1, 99)}
                self._connection.execute(self.chance.choice(_STATEMENTS).encode(), values)
                time.sleep(self.chance.uniform(0, 0.01))
            (self._connection.rollback if self.chance.random() < 0.1 else self._connection.commit)()
        except (psycopg.errors.DeadlockDetected, psycopg.errors.UniqueViolation):
            self._connection.rollback()

    def _one(self) -> str:
        return self.chance.choice(IDS)


class ByRequest(Worker):
    """The same through a server."""

    def __init__(self, seed: object, port: int) -> None:
        self._client = Client(port)
        super().__init__(seed, self._client)

    def step(self) -> None:
        key, age = self.chance.choice(IDS), self.chance.randint(1, 99)
        whole = patient(id=key, patientID=key, name="Secretia", medicalCondition="Morbus", age=age)
        sent: list[tuple[str, str, Any]] = [
            ("POST", "/patients", whole),
            ("PATCH", f"/patients/{key}", {"age": age}),
            ("DELETE", f"/patients/{key}", None),
        ]
        assert self._client.ask(*self.chance.choice(sent)).status in (200, 201, 404, 409, 503)


class Follower(Worker):
    """What somebody who follows has seen; `records` is what they make of it: each record that there is, by id."""

    def __init__(self, seed: object, line: "Client | psycopg.Connection[Any] | None" = None) -> None:
        super().__init__(seed, line)
        self.seen: Seen = []
        self.records: dict[str, Any] = {}

    def take(self, change: Mapping[str, Any]) -> None:
        self.seen.append((change["id"], change["version"]))
        self.records[change["id"]] = change["record"]


class ByPage(Follower):
    """Pages of changing size, some of them waited for."""

    def __init__(self, seed: object, port: int, since: str) -> None:
        self._client, self.cursor = Client(port), since
        super().__init__(seed, self._client)

    def step(self) -> None:
        limit, wait = self.chance.choice((1, 7, 50, 500)), self.chance.choice(("", "&_wait=0.2"))
        answer = self._client.ask("GET", f"/changes?_since={self.cursor}&_limit={limit}{wait}")
        assert answer.status == 200, answer
        page = answer.json()
        self.cursor = page["next"]
        for change in page["changes"]:
            self.take(change)


class ByStream(Follower):
    """Server-sent events of one connection after another, as a browser goes on when one is lost."""

    def __init__(self, seed: object, port: int, since: str) -> None:
        super().__init__(seed)
        self._port, self._last = port, since

    def step(self) -> None:
        with events(self._port, f"/changes?_since={self._last}") as stream:
            for event in stream.until(time.monotonic() + self.chance.uniform(0.1, 1)):
                self._last = event.id
                if event.data:
                    self.take(json.loads(event.data))


class ByRecipe(Follower):
    """What others do, on the same journal: `recipe` gives the rows behind a cursor, id and version last."""

    def __init__(self, dsn: str, recipe: str, cursor: tuple[int, ...]) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        super().__init__(recipe, self._connection)
        self._recipe, self._cursor = recipe, cursor

    def step(self) -> None:
        for row in self._connection.execute(self._recipe.encode(), self._cursor).fetchall():
            self._cursor = row[: len(self._cursor)]
            self.seen.append((row[-2], row[-1]))


class Event(NamedTuple):
    id: str
    name: str
    data: str


class Stream:
    """A connection that events come on, read as the standard says (WHATWG HTML, 9.2.6)."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection
        self.response = connection.getresponse()
        assert connection.sock
        self._sock: socket.socket = connection.sock
        self._id = self._name = ""
        self._data: list[str] = []

    def close(self) -> None:
        self.response.close()
        self._connection.close()

    def until(self, end: float) -> Iterator[Event]:
        """Every event that has an id, those without data too, until then or until the stream ends."""
        while (left := end - time.monotonic()) > 0:
            self._sock.settimeout(left)
            try:
                line = self.response.readline()
            except TimeoutError:
                return
            if not line:
                return
            yield from self._event(line.decode().rstrip("\n"))

    def _event(self, line: str) -> Iterator[Event]:
        name, _, value = line.partition(": ")
        event = Event(self._id, self._name, "\n".join(self._data))
        if not line:
            self._name, self._data = "", []
            yield event
        self._id = value if name == "id" else self._id
        self._name = value if name == "event" else self._name
        self._data += [value] if name == "data" else []


@contextmanager
def events(port: int, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Stream]:
    connection = HTTPConnection("127.0.0.1", port, timeout=15)
    connection.request("GET", path, headers={"Accept": "text/event-stream", **(headers or {})})
    stream = Stream(connection)
    try:
        yield stream
    finally:
        stream.close()


class Verdict(NamedTuple):
    """Of so many changes on record: those that were lost, told twice, or told behind a later one of the same record."""

    changes: int
    lost: int
    twice: int
    disordered: int


def judged(seen: Seen, truth: Mapping[str, Sequence[int]]) -> Verdict:
    """`truth`: the versions of each record in the order in which they came to be."""
    by_id: dict[str, list[int]] = defaultdict(list)
    for key, version in seen:
        by_id[key].append(version)
    every = {version for versions in truth.values() for version in versions}
    lost = every - {version for _, version in seen}
    disordered = sum(
        version < max(before, default=0)
        for versions in by_id.values()
        for before, version in ((versions[:place], version) for place, version in enumerate(versions))
    )
    return Verdict(len(every), len(lost), len(seen) - len(set(seen)), disordered)


def journal(table: psycopg.Connection[Any], since: int = 0) -> dict[str, list[int]]:
    """The versions of each record behind one. A row lock is held until the end, so a record's own are in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for key, version in table.execute("SELECT id, seq FROM changes WHERE seq > %s ORDER BY seq", [since]):
        found[key].append(version)
    return found
