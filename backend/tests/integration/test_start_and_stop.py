"""From `python -m app` to a served patient and back to nothing left: the real process on its embedded PostgreSQL."""

import json
import os
import pwd
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.config import BACKEND
from app.embedded import running
from tests.integration.processes import PATIENT, launched, postgres_processes, refusal, serving, wait_until

ROOT = os.geteuid() == 0

# Another user, who may read our Python wherever it is (CAP_DAC_READ_SEARCH), and is nobody special otherwise.
_ORDINARY = (
    "setpriv",
    "--reuid=daemon",
    "--regid=daemon",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
)
AS_WE_ARE: tuple[str, ...] = ()
USERS = {"root": AS_WE_ARE, "ordinary": _ORDINARY} if ROOT else {"ordinary": AS_WE_ARE}


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that anybody can enter and nobody else uses, with whatever a cluster left elsewhere."""
    place = Path(tempfile.mkdtemp(prefix="patients-test-"))
    place.chmod(0o755)
    yield place
    for record in list(place.rglob("running.json")):
        wait_until(partial(_ended, record.parent), 20)
        shutil.rmtree(record.with_name("pg").resolve())
    shutil.rmtree(place)


def _ended(data_dir: Path) -> bool:
    return not postgres_processes(data_dir)


@pytest.fixture(params=USERS)
def user(request: pytest.FixtureRequest, place: Path) -> tuple[str, ...]:
    """Whom the server runs as, in words that go before the command; `place` is theirs."""
    arguments = USERS[request.param]
    if arguments:
        os.chown(place, pwd.getpwnam("daemon").pw_uid, -1)
    return arguments


def test_asked_to_stop_it_ends_well_and_leaves_no_process(user: tuple[str, ...], place: Path) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):
        with serving(user, DATA_DIR=place / "data") as server:
            assert server.http.get("/patients").json() == []
            assert server.http.get("/health").json()["status"] == "ok"
            assert postgres_processes(place / "data")
            assert server.stop(stop) == 0
        assert postgres_processes(place / "data") == []
        assert running(place / "data") is None


def test_the_banner_says_where_everything_is(place: Path) -> None:
    with serving(DATA_DIR=place, SEED_FILE=BACKEND.parent / "db.json") as server:
        for part in (f"{server.url}/patients   30 patients", f"{server.url}/docs", f"{server.url}/health", str(place)):
            assert part in server.said
        assert "Ctrl-C" in server.said
        seeded = json.loads((BACKEND.parent / "db.json").read_text())["patients"]
        assert server.http.get("/patients").json() == seeded


def test_killed_it_leaves_no_postgresql_and_loses_nothing(user: tuple[str, ...], place: Path) -> None:
    with serving(user, DATA_DIR=place) as first:
        assert first.http.post("/patients", json=PATIENT).status_code == 201
        first.stop(signal.SIGKILL)
        with serving(user, DATA_DIR=place) as second:  # at once: it waits for the other's PostgreSQL
            assert second.patients() == ["T-1"]
            second.stop(signal.SIGKILL)
    wait_until(lambda: not postgres_processes(place), 20)


def test_a_second_start_is_told_who_serves(place: Path) -> None:
    with serving(DATA_DIR=place) as server:
        said = refusal(DATA_DIR=place)
        assert f"{place} is in use by process {server.process.pid} at {server.url}" in said
        assert "DATA_DIR" in said


def test_a_port_in_use_is_one_line(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(DATA_DIR=place, PORT=port).startswith(f"port {port} of 127.0.0.1 is in use")
    assert list(place.iterdir()) == []


def test_a_host_that_is_not_ours_is_one_line(place: Path) -> None:
    assert refusal(DATA_DIR=place, HOST="192.0.2.1").startswith("cannot listen on 192.0.2.1 port 0: ")


def test_any_path_will_do(user: tuple[str, ...], place: Path) -> None:
    name = "Zoë, Ångström's data/" + "deep/" * 40
    with serving(user, DATA_DIR=place / name) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        sockets = (place / name / "sockets").readlink()
        server.stop(signal.SIGKILL)
    wait_until(lambda: not postgres_processes(place / name), 20)
    with serving(user, DATA_DIR=place / name) as server:
        assert server.patients() == ["T-1"]
        assert not sockets.exists()
        sockets = (place / name / "sockets").readlink()
        assert sockets.stat().st_mode & 0o777 == 0o700
        server.stop()
    assert not sockets.exists()


@pytest.mark.skipif(not ROOT, reason="only root has a home that PostgreSQL's user cannot enter")
def test_under_a_private_directory_root_keeps_the_data_elsewhere_and_opens_nothing(place: Path) -> None:
    (place / "home").mkdir(mode=0o700)
    data = place / "home" / "data"
    with serving(DATA_DIR=data) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        assert server.stop() == 0
    assert (place / "home").stat().st_mode & 0o777 == 0o700
    assert (data / "pg").readlink().parent == Path("/var/lib")
    assert (data / "pg").stat().st_mode & 0o777 == 0o700
    with serving(DATA_DIR=data) as server:
        assert server.patients() == ["T-1"]


@pytest.mark.skipif(not ROOT, reason="only root can run PostgreSQL as somebody else")
@pytest.mark.parametrize("user", ["ordinary"], indirect=True)
def test_root_runs_postgresql_as_whoever_owns_the_data(user: tuple[str, ...], place: Path) -> None:
    with serving(user, DATA_DIR=place) as server:
        server.stop()
    owner = (place / "pg").stat().st_uid
    with serving(DATA_DIR=place) as server:
        assert {Path("/proc", str(pid)).stat().st_uid for pid in postgres_processes(place)} == {owner}
        server.stop()
    with serving(user, DATA_DIR=place) as server:
        assert server.patients() == []


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
