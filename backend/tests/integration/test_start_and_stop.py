"""From `python -m app` to a served patient and back: the real process, and what it says."""

import json
import re
import resource
import signal
import socket
import sys
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from app.config import BACKEND
from app.resources import RESOURCES
from tests.integration.network import needs_ipv6, needs_network
from tests.integration.processes import PATIENT, launched, postgres_processes, refusal, serving
from tests.servers import wait_until


def test_the_banner_says_where_everything_is(place: Path) -> None:
    with serving(DATA_DIR=place, SEED_FILE=BACKEND.parent / "db.json") as server:
        for part in (f"{server.url}/patients   30 patients", f"{server.url}/docs", f"{server.url}/health", str(place)):
            assert part in server.said
        assert "Ctrl-C" in server.said
        assert "ANYONE WHO CAN REACH" not in server.said
        assert "as json-server 0.17 does where a request does not tell (1.x: JSON_SERVER_DIALECT=1)" in server.said
        seeded = json.loads((BACKEND.parent / "db.json").read_text())["patients"]
        assert server.http.get("/patients").json() == seeded


def test_a_port_in_use_is_one_line(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(DATA_DIR=place, PORT=port).startswith(f"port {port} of 127.0.0.1 is in use")
    assert list(place.iterdir()) == []


@needs_ipv6
@pytest.mark.parametrize(("host", "other"), [("127.0.0.1", "::1"), ("0.0.0.0", "::1"), ("::1", "127.0.0.1")])
def test_localhost_is_this_server_or_none(place: Path, host: str, other: str) -> None:
    """Browsers and Node try both addresses of `localhost`, in either order."""
    with socket.create_server((other, 0), family=socket.AF_INET6 if ":" in other else socket.AF_INET) as taken:
        port = taken.getsockname()[1]
        assert refusal(DATA_DIR=place, HOST=host, PORT=port).startswith(
            f"port {port} of {other}, which `localhost` may lead to, is"
        )
    assert list(place.iterdir()) == []


@needs_ipv6
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_both_addresses_of_localhost_are_served(database_url: str, host: str) -> None:
    with serving(DATABASE_URL=database_url, HOST=host) as server:
        port = server.http.base_url.port
        for address in ("127.0.0.1", "[::1]", "localhost"):
            assert server.http.get(f"http://{address}:{port}/health/live").status_code == 200


@needs_network
def test_who_else_may_come_is_said_in_development(database_url: str) -> None:
    with serving(DATABASE_URL=database_url, HOST="0.0.0.0") as server:
        said = re.search(r"In the network: (http://\S+) \(everybody there may read, change and delete ", server.said)
        assert said, server.said
        assert server.http.get(f"{said[1]}/health/live").status_code == 200
        everything = " and ".join(resource.path for resource in RESOURCES)
        told = f"HOST=0.0.0.0: everybody in the network may read, change and delete {everything}, at {said[1]}"
        assert told in server.said
    with serving(DATABASE_URL=database_url) as server:
        assert "network" not in server.said


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


def test_the_database_need_not_be_there_at_the_start() -> None:
    with serving(DATABASE_URL="postgresql://ada:hunter2@127.0.0.1:1/clinic", WEB_CONCURRENCY=4) as server:
        assert server.http.get("/health").status_code == 503
        assert server.http.get("/patients").status_code == 503
        assert "clinic at 127.0.0.1:1 (does not answer" in server.said
        assert "WEB_CONCURRENCY is ignored" in server.said
        assert server.stop() == 0
        assert "hunter2" not in server.said
        assert "ada" not in server.said


# Runs a command under a kernel filter (seccomp(2)) that answers EINVAL where a limit is to be set (prlimit64's third
# argument is not null), as macOS does for some.
_NO_LIMIT_MAY_BE_SET = """
import ctypes, os, platform, struct, sys
number = {"x86_64": 302, "aarch64": 261}[platform.machine()]
load, equals, give = 0x20, 0x15, 0x06
program = [
    (load, 0, 0, 0), (equals, 0, 4, number), (load, 0, 0, 32), (equals, 0, 3, 0), (load, 0, 0, 36), (equals, 0, 1, 0),
    (give, 0, 0, 0x7FFF0000), (give, 0, 0, 0x00050000 + 22),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
kernel = ctypes.CDLL(None)
assert kernel.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
filter = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(code)))
assert kernel.prctl(22, 2, filter, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_system_that_refuses_more_descriptors_is_served_from_all_the_same(database_url: str) -> None:
    with serving((sys.executable, "-c", _NO_LIMIT_MAY_BE_SET), DATABASE_URL=database_url) as server:
        assert server.patients() == []
        limits = Path("/proc", str(server.process.pid), "limits").read_text()
        assert f"Max open files            {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} " in limits


def test_a_given_database_is_served_as_it_is(bare_database: str) -> None:
    with serving(DATABASE_URL=bare_database) as server:
        assert "no schema yet: run `alembic upgrade head`" in server.said
        assert server.http.get("/patients").status_code == 503


def test_production_logs_one_json_object_a_line(database_url: str) -> None:
    with serving(DATABASE_URL=database_url, ENVIRONMENT="production", ACCESS="open", LOG_FORMAT="json") as server:
        server.http.post("/patients", json=PATIENT)
        server.http.get("/patients", params={"q": "Ada Test"})
        assert server.stop() == 0
        said, url = server.said, server.url
    lines = [json.loads(line) for line in said.splitlines()]
    requests = [line for line in lines if line["logger"] == "app.requests"]
    assert any("CORS_ORIGINS is not set" in line["message"] for line in lines)
    assert any(
        line["message"].startswith(f"serving on {url}, database {conninfo_to_dict(database_url)['dbname']} at ")
        for line in lines
    )
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


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.35, 0.45])
def test_two_quick_interruptions_are_one_end(place: Path, pause: float) -> None:
    """What was committed is there, PostgreSQL has ended in order, and nobody reads a traceback."""
    with serving(DATA_DIR=place) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        wait_until(lambda: "POST /patients 201" in server.said, 10)  # its line follows the answer
        before = server.said
        server.process.send_signal(signal.SIGINT)
        time.sleep(pause)
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0
        assert server.said == before
    assert not postgres_processes(place)
    assert "database system is shut down" in (place / "postgres.log").read_text()


def test_requests_under_way_at_the_second_interruption_end_in_silence(database_url: str) -> None:
    with serving(DATABASE_URL=database_url) as server, psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE patients")
        with socket.create_connection(("127.0.0.1", server.http.base_url.port or 0)) as client:
            client.sendall(b"GET /patients HTTP/1.1\r\nHost: t\r\n\r\n")
            wait_until(lambda: other.execute(_WAITING).fetchone() == (True,), 10)
            server.process.send_signal(signal.SIGINT)
            time.sleep(1)
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(10) == 0
        assert not re.search("Traceback|Exception|Error", server.said), server.said


_WAITING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def test_an_interruption_while_it_loads_is_no_traceback(place: Path) -> None:
    (place / "pydantic.py").write_text("import pathlib, time\npathlib.Path(__file__).unlink()\ntime.sleep(30)\n")
    with launched((sys.executable, "-c", _HEARS_SIGINT), PYTHONPATH=place) as server:
        wait_until(lambda: not (place / "pydantic.py").exists(), 20)
        assert server.stop(signal.SIGINT) == -signal.SIGINT
        assert server.said == ""


# Where tests run in several processes these ignore SIGINT, and what they start would, too.
_HEARS_SIGINT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_another_program_may_serve_the_application(place: Path) -> None:
    with serving((), ("-m", "uvicorn", "app.main:app", "--port", "0"), DATA_DIR=place) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        assert len(server.http.get("/patients", params={"name": "Ada Test"}).json()) == 1
        assert server.stop(signal.SIGINT) in {0, -signal.SIGINT}
        assert "GET /patients?name=Ada+Test 200" in server.said


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


def test_a_misspelt_setting_is_told(database_url: str) -> None:
    with serving(DATABASE_URL=database_url, PROT=9000) as server:
        assert "ignored: PROT, which is no setting: PORT was probably meant" in server.said
