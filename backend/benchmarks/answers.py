"""A faster wrong answer is no result: each server's answers are compared before it is timed, and its writes after."""

import http.client
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from benchmarks.contenders import Server
from benchmarks.load import WrongAnswers
from benchmarks.patients import Patient
from benchmarks.scenarios import UNIQUE, Request, Scenario

_COMPARED = 5  # requests of each scenario
_numbers = count(1)


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        return json.loads(self.body)


def ask(server: Server, request: Request) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/json"} if request.body else {}
    body = request.body.replace(UNIQUE, f"A{next(_numbers)}").encode() if request.body else None
    connection.request(request.method, request.path, body, headers)
    response = connection.getresponse()
    answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    connection.close()
    return answer


def compare(scenario: Scenario, servers: Sequence[Server], requests: Sequence[Request], data: list[Patient]) -> None:
    """Raises `WrongAnswers` unless all servers give the answers of the first, and the data's where they are known."""
    for request in requests[:_COMPARED]:
        expected = _known(scenario, request, data)
        for server in servers:
            seen = _seen(scenario, request, ask(server, request))
            expected = seen if expected is None else expected
            if seen != expected:
                raise WrongAnswers(f"{server.name}, {request.method} {request.path}: {_difference(seen, expected)}")


def _known(scenario: Scenario, request: Request, data: list[Patient]) -> Any:
    """What must come back, where the data say so without any server's help."""
    if scenario.name == "list":
        return (200, data)
    if scenario.name.startswith("by id"):
        return (200, next(patient for patient in data if request.path.endswith(str(patient["id"]))))
    return None


def _seen(scenario: Scenario, request: Request, answer: Answer) -> Any:
    """What is compared: status and value, for pages the total; for a new patient what was sent, not its new id."""
    if scenario.writes:
        sent = json.loads(request.body)
        return answer.status, {name: answer.value[name] for name in sent if name != "patientID"}
    total = answer.headers.get("x-total-count") if "_limit=" in request.path else None
    return (answer.status, answer.value) if total is None else (answer.status, answer.value, total)


def _difference(seen: Any, expected: Any) -> str:
    """Enough to find the cause; lists of patients are long."""
    return f"{str(seen)[:600]} instead of {str(expected)[:600]}"


def recorded(server: Server, requests: Iterable[Request]) -> dict[str, list[Any]]:
    """Answers as the HTTP limit repeats them: "METHOD path" -> [status, headers, body]."""
    return {f"{request.method} {request.path}": _record(ask(server, request)) for request in requests}


def _record(answer: Answer) -> list[Any]:
    kept = {name: value for name, value in answer.headers.items() if name in ("content-type", "x-total-count")}
    return [answer.status, kept, answer.body.decode()]
