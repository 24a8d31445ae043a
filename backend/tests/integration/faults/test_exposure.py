"""What the server gives away about itself and its patients: in headers, logs and metrics, in good times and bad."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.docs.pages import DOCS, blocks
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import PLANTED, Answer, ask
from tests.patients import patient
from tests.servers import Server

Launch = Callable[..., Server]

PERSON = {"id": "Secretia/1"} | patient(
    patientID="Secretia-1", name="Secretia Morbus", medicalCondition="Morbus Secretia"
)
SPOKEN: list[tuple[str, str, Any, dict[str, str]]] = [
    ("POST", "/patients", PERSON, {}),
    ("POST", "/patients", PERSON, {}),
    ("POST", "/patients", PERSON | {"age": "Secretia"}, {}),
    ("POST", "/patients", b'{"name": "Secretia', {}),
    ("POST", "/patients", b'{"name": "Secretia\\u0000"}', {}),
    ("GET", "/patients?q=Secretia", None, {}),
    ("GET", "/patients?name_like=(Secretia", None, {}),
    ("GET", "/patients?name=Secretia&Morbus=Secretia&_sort=Morbus", None, {}),
    ("GET", "/patients?_where=" + "%5B" * 50 + "Secretia", None, {}),
    ("GET", "/patients/Secretia%2F1", None, {"X-Request-ID": "Secretia Morbus", "User-Agent": "Secretia"}),
    ("PUT", "/patients/Secretia%2F1", PERSON | {"gender": "Secretia"}, {}),
    ("PATCH", "/patients/Secretia%2F1", {"name": "Secretia" * 100}, {"If-Match": '"Secretia"'}),
    ("PATCH", "/patients/Secretia", {"note": "Secretia"}, {"Referer": "http://a/?name=Secretia"}),
    ("GET", "/Secretia", None, {"Cookie": "name=Secretia"}),
    ("FOO", "/patients/Secretia", None, {}),
    ("DELETE", "/patients/Secretia%2F1", None, {}),
]
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def speak(server: Server) -> list[Answer]:
    return [ask(server.port, *request) for request in SPOKEN]


def speak_at_once(server: Server) -> list[Answer]:
    with ThreadPoolExecutor(len(SPOKEN)) as clients:
        return list(clients.map(lambda request: ask(server.port, *request), SPOKEN))


def test_no_log_line_and_no_metric_names_a_patient_at_any_time(launch: Launch, postgres: Postgres) -> None:
    server = launch(log_level="DEBUG", log_format="json", metrics="true")
    answers = speak(server)
    assert {answer.status for answer in answers} == {200, 201, 400, 404, 409}
    figures = ask(server.port, "GET", "/metrics").body.decode()
    postgres.stop()
    assert {answer.status for answer in speak_at_once(server)} == {503, 400, 404}
    lost = ask(server.port, "GET", "/metrics").body.decode()
    postgres.start()
    assert not PLANTED.search(figures + lost + server.said)
    assert not PLANTED.search(b"".join(answer.body for answer in answers if answer.status >= 400).decode())
    lines = [json.loads(line) for line in server.said.splitlines()]
    _, *requests = [line for line in lines if line["logger"] == "app.requests"]  # the first: whether it has started
    assert len(requests) == 2 * len(SPOKEN) + 2
    keys = {"time", "level", "logger", "message", "method", "route", "status", "ms", "request_id"}
    assert {frozenset(line) for line in requests} == {frozenset(keys)}
    assert {line["route"] for line in requests} == {"/patients", "/patients/{id}", "/metrics", "-"}


def test_postgresql_logs_no_patient_once_it_is_told_as_the_page_says(launch: Launch, postgres: Postgres) -> None:
    said = _logged_by_conflicts(launch(), postgres)
    assert "DETAIL:  Key (id)=(Secretia/1) already exists." in said
    assert "STATEMENT:  " in said
    assert str(PERSON["name"]) in said
    with postgres.connect() as connection:
        for statement in next(blocks(DOCS / "operations.md", "sql")).text.splitlines():
            connection.execute(statement.encode())
    said = _logged_by_conflicts(launch(), postgres)
    with postgres.connect() as connection:
        connection.execute("ALTER ROLE patients RESET ALL")
    assert 'ERROR:  duplicate key value violates unique constraint "patients_pkey"' in said
    assert "STATEMENT:" not in said
    assert not PLANTED.search(said)


def _logged_by_conflicts(server: Server, postgres: Postgres) -> str:
    """What PostgreSQL writes where it logs all statements, and an id is taken."""
    before = len(postgres.logged())
    postgres.log_all(on=True)
    answers = [ask(server.port, "POST", "/patients", PERSON).status for _ in range(2)]
    postgres.log_all(on=False)
    assert answers[1] == 409
    return postgres.logged()[before:]


def test_metrics_tell_requests_pool_and_database(launch: Launch, postgres: Postgres) -> None:
    server = launch(metrics="true")
    speak(server)
    up = figures(server)
    assert up['http_requests_total{method="POST",route="/patients",status="201"}'] == 1
    assert up['http_requests_total{method="POST",route="/patients",status="409"}'] == 1
    assert up['http_requests_total{method="GET",route="-",status="404"}'] == 1
    assert up['http_request_duration_seconds_count{method="DELETE",route="/patients/{id}"}'] == 1
    assert up['db_pool_connections{state="limit"}'] == 8
    assert up['db_pool_connections{state="open"}'] >= 1
    assert up["db_pool_waiting"] == 0
    assert up["database_up"] == 1
    assert up["process_resident_memory_bytes"] > 2**20
    postgres.stop()
    assert figures(server)["database_up"] == 0
    postgres.start()
    assert figures(server)["database_up"] == 1


def figures(server: Server) -> dict[str, float]:
    answer = ask(server.port, "GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = (line.rpartition(" ") for line in answer.body.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_every_answer_has_the_security_headers_and_names_no_software(server: Server) -> None:
    for answer in [*speak(server), ask(server.port, "GET", "/health"), ask(server.port, "OPTIONS", "/patients")]:
        if answer.headers.get("connection") == "close" and "x-request-id" not in answer.headers:
            continue  # refused before it was a request
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert not {"server", "x-powered-by", "via"} & answer.headers.keys()
        assert not re.search(r"uvicorn|fastapi|starlette|python", str(answer.headers), re.IGNORECASE)
