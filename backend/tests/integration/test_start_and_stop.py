"""From `python -m app` to a served patient and back: the real process, and what it says."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import BACKEND
from tests.integration.processes import PATIENT, launched, postgres_processes, refusal, serving, wait_until


def test_the_banner_says_where_everything_is(place: Path) -> None:
    with serving(DATA_DIR=place, SEED_FILE=BACKEND.parent / "db.json") as server:
        for part in (f"{server.url}/patients   30 patients", f"{server.url}/docs", f"{server.url}/health", str(place)):
            assert part in server.said
        assert "Ctrl-C" in server.said
        assert "as json-server 0.17 does where a request does not tell (1.x: JSON_SERVER_DIALECT=1)" in server.said
        seeded = json.loads((BACKEND.parent / "db.json").read_text())["patients"]
        assert server.http.get("/patients").json() == seeded


def test_a_port_in_use_is_one_line(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(DATA_DIR=place, PORT=port).startswith(f"port {port} of 127.0.0.1 is in use")
    assert list(place.iterdir()) == []


def test_a_host_that_is_not_ours_is_one_line(place: Path) -> None:
    assert refusal(DATA_DIR=place, HOST="192.0.2.1").startswith("cannot listen on 192.0.2.1 port 0: ")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PORT": "eighty", "LOG_FORMAT": "xml"}, "PORT: "),
        ({"DATABASE_URL": "postgresql://u:hunter2@[::1/d"}, "DATABASE_URL: is not a URL that libpq can read"),
        ({"DATA_DIR": "/dev/null/data"}, "PostgreSQL cannot run in /dev/null/data: "),
    ],
)
def test_what_cannot_be_served_is_one_line_without_the_password(settings: dict[str, str], says: str) -> None:
    said = refusal(**settings)
    assert said.startswith(says)
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("argument", "code", "says"), [("--help", 0, "PORT=9000 python -m app"), ("--port=1", 2, "--port")]
)
def test_arguments_are_no_settings(argument: str, code: int, says: str) -> None:
    command = [sys.executable, "-m", "app", argument]
    done = subprocess.run(command, cwd=BACKEND, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, says in done.stdout + done.stderr) == (code, True)


def test_the_database_need_not_be_there_at_the_start() -> None:
    with serving(DATABASE_URL="postgresql://ada:hunter2@127.0.0.1:1/clinic", WEB_CONCURRENCY=4) as server:
        assert server.http.get("/health").status_code == 503
        assert server.http.get("/patients").status_code == 503
        assert "clinic at 127.0.0.1:1 (does not answer" in server.said
        assert "WEB_CONCURRENCY is ignored" in server.said
        assert server.stop() == 0
        assert "hunter2" not in server.said
        assert "ada" not in server.said


def test_a_given_database_is_served_as_it_is(bare_database: str) -> None:
    with serving(DATABASE_URL=bare_database) as server:
        assert "no schema yet: run `alembic upgrade head`" in server.said
        assert server.http.get("/patients").status_code == 503


def test_production_logs_one_json_object_a_line(database_url: str) -> None:
    with serving(DATABASE_URL=database_url, ENVIRONMENT="production", LOG_FORMAT="json") as server:
        server.http.post("/patients", json=PATIENT)
        server.http.get("/patients", params={"q": "Ada Test"})
        assert server.stop() == 0
        said, url = server.said, server.url
    lines = [json.loads(line) for line in said.splitlines()]
    requests = [line for line in lines if line["logger"] == "app.requests"]
    assert any("CORS_ORIGINS is not set" in line["message"] for line in lines)
    assert any(line["message"].startswith(f"serving on {url}, database module_") for line in lines)
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("POST", "/patients", 201),
        ("GET", "/patients", 200),
    ]
    assert "Ada" not in said


def test_a_request_half_sent_when_the_stop_comes_is_still_served(database_url: str) -> None:
    body = json.dumps(PATIENT).encode()
    head = (
        f"POST /patients HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with serving(DATABASE_URL=database_url) as server:
        with socket.create_connection(("127.0.0.1", server.http.base_url.port or 0)) as client:
            client.sendall(head.encode() + body[:20])
            wait_until(lambda: server.http.get("/health").status_code == 200, 5)
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: not _accepts(server.http.base_url.port or 0), 5)
            client.sendall(body[20:])
            answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert server.process.wait(10) == 0
    with serving(DATABASE_URL=database_url) as server:
        assert server.patients() == ["T-1"]


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_stop_during_the_start_is_a_stop(place: Path) -> None:
    with launched(DATA_DIR=place) as server:
        wait_until(lambda: postgres_processes(place), 30)
        assert server.stop() == 0
    wait_until(lambda: not postgres_processes(place), 20)


def test_another_program_may_serve_the_application(place: Path) -> None:
    with serving((), ("-m", "uvicorn", "app.main:app", "--port", "0"), DATA_DIR=place) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        assert len(server.http.get("/patients", params={"name": "Ada Test"}).json()) == 1
        assert server.stop(signal.SIGINT) in {0, -signal.SIGINT}
        assert "GET /patients 200" in server.said
        assert "Ada" not in server.said


def test_another_program_is_told_in_one_line_what_it_cannot_serve(place: Path) -> None:
    uvicorn = ("-m", "uvicorn", "app.main:app", "--port", "0")
    for settings, says in (
        ({"PORT": "eighty"}, "PORT: "),
        ({"DATA_DIR": "/dev/null/data"}, "PostgreSQL cannot run in "),
    ):
        with launched((), uvicorn, **{"DATA_DIR": place, **settings}) as server:
            assert server.process.wait(30) == 1
            assert server.said.startswith(f"Patients API did not start. {says}"), server.said
            assert server.said.count("\n") == 1
