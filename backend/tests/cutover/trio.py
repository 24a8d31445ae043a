"""Three processes: a json-server, this server, and the cutover before both; and what is asked of them."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from app.config import BACKEND
from tests import servers
from tests.contract.answers import Answer, Version
from tests.contract.servers import RELEASES, json_server, our_server
from tests.patients import patient
from tests.servers import PATIENCE, free_port, wait_until

SECONDS = 20.0
LEAFLET = b"".join(b"line %d\n" % number for number in range(50))
_QUICK = {"enough": 5, "least": 20}


class Cutover(servers.Server):
    """`python -m app cutover`; measured, as no other process is that a test kills."""

    def __init__(self, state: Path, dsn: str | None, *arguments: object) -> None:
        self.admin_port = free_port()
        self.state = state
        command = [sys.executable, "-m", "app", "cutover", *arguments, "--port", "{port}"]
        command += ["--admin-port", self.admin_port, "--state", state]
        super().__init__(command, BACKEND, {"LOG_LEVEL": "WARNING"} | ({"DATABASE_URL": dsn} if dsn else {}))

    @staticmethod
    def surroundings() -> dict[str, str]:
        return dict(os.environ)

    def ready(self) -> bool:
        assert self.running(), self.said
        return self.told("GET", "/status.json").status == 200

    def told(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """What the operator's port answers; status 0 for nothing."""
        return asked(self.admin_port, method, path, body, **headers)

    @property
    def facts(self) -> dict[str, Any]:
        return dict(self.told("GET", "/status.json").json)

    def stage(self, name: str, **more: Any) -> None:
        """Raises `AssertionError` with what speaks against it."""
        answer = self.told("PUT", "/stage", {"stage": name, **more})
        assert answer.status == 200, answer.content

    def is_at(self, stage: str) -> bool:
        return bool(self.facts["stage"] == stage)

    def level(self) -> bool:
        return bool(self.facts["journal"]["open"] == 0)

    def __enter__(self) -> Self:
        return self.started()

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def flag(self, **flags: Any) -> None:
        """Replace the flags file, as an editor does."""
        (new := self.state / "edited.json").write_text(json.dumps(_QUICK | flags))
        new.replace(self.state / "flags.json")


class Trio(NamedTuple):
    old: servers.Server
    new: servers.Server
    cutover: Cutover

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """What clients are answered; status 0 for nothing."""
        return asked(self.cutover.port, method, path, body, **headers)

    def lists(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The records of the old and of the new side."""
        old, new = (asked(side.port, "GET", "/patients").json for side in (self.old, self.new))
        return [one | {"id": str(one["id"])} for one in old], new

    def settle(self) -> None:
        """Return once nothing is open in the journal."""
        wait_until(self.cutover.level, SECONDS, f"level: {self.cutover.facts['journal']}")

    def demand_equal(self) -> list[dict[str, Any]]:
        """Both have the same records in the same order; these."""
        self.settle()
        old, new = self.lists()
        assert [one["id"] for one in old] == [one["id"] for one in new]
        assert old == new
        return new


def asked(port: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Headers by keyword, `if_none_match="…"`. Status 0 for no answer."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json"} if body is not None else {}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, given, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())
    except OSError:
        return Answer(0, {}, b"")


def some(count: int) -> Sequence[Mapping[str, Any]]:
    return [patient(number, id=f"n{number}") for number in range(1, count + 1)]


@contextmanager
def trio(
    version: Version,
    node: Path,
    dsn: str,
    folder: Path,
    records: Sequence[Mapping[str, Any]],
    *arguments: object,
    imports: bool = True,
) -> Iterator[Trio]:
    """All three, in stage `old`; few comparisons are enough. The json-server has another collection too, `files`."""
    old = json_server(version, node, {"patients": records, "files": []}, folder / "old")
    new = our_server(RELEASES[version].dialect, dsn)
    state = folder / "state"
    state.mkdir(parents=True)
    (state / "flags.json").write_text(json.dumps(_QUICK))
    sides = ["--old", old.url, "--new", new.url, "--release", version, *arguments]
    cutover = Cutover(state, dsn if imports else None, *sides)
    cutover.launch()
    with ExitStack() as stack:
        for server in (old, new, cutover):
            stack.enter_context(server)
        yield Trio(old, new, cutover)
