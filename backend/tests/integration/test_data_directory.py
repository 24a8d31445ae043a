"""`python -m app` on its embedded PostgreSQL: whoever runs it, wherever the data lie, however it ends."""

import os
import pwd
import signal
from pathlib import Path

import psycopg
import pytest

from app.embedded import available, running
from tests.integration.processes import PATIENT, guard_of, launched, postgres_processes, refusal, serving
from tests.servers import wait_until

ROOT = os.geteuid() == 0

# Another user, who may read our Python wherever it is (CAP_DAC_READ_SEARCH), and is nobody special otherwise.
_ORDINARY = (
    "setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search", "--bounding-set=-all,+dac_read_search",
)  # fmt: skip
AS_WE_ARE: tuple[str, ...] = ()
USERS = {"root": AS_WE_ARE, "ordinary": _ORDINARY} if ROOT else {"ordinary": AS_WE_ARE}


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


def test_killed_it_leaves_no_postgresql_and_loses_nothing(user: tuple[str, ...], place: Path) -> None:
    with serving(user, DATA_DIR=place) as first:
        assert first.http.post("/patients", json=PATIENT).status_code == 201
        first.stop(signal.SIGKILL)
        with serving(user, DATA_DIR=place) as second:  # at once: it waits for the other's PostgreSQL
            assert second.patients() == ["T-1"]
            second.stop(signal.SIGKILL)
    wait_until(lambda: not postgres_processes(place), 20)
    assert _shut_down(place)


def test_killed_while_it_starts_it_leaves_no_postgresql_either(user: tuple[str, ...], place: Path) -> None:
    with launched(user, DATA_DIR=place) as server:
        wait_until(lambda: postgres_processes(place), 30)
        server.stop(signal.SIGKILL)
    wait_until(lambda: not postgres_processes(place), 20)


def test_the_guard_killed_the_server_goes_on_and_stops_postgresql_itself(user: tuple[str, ...], place: Path) -> None:
    with serving(user, DATA_DIR=place) as server:
        os.kill(guard_of(place), signal.SIGKILL)
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        assert server.stop() == 0
    assert postgres_processes(place) == []
    assert _shut_down(place)


def test_guard_and_server_killed_the_next_start_ends_what_they_left(user: tuple[str, ...], place: Path) -> None:
    with serving(user, DATA_DIR=place) as first:
        assert first.http.post("/patients", json=PATIENT).status_code == 201
        os.kill(guard_of(place), signal.SIGKILL)
        first.stop(signal.SIGKILL)
    left = set(postgres_processes(place))
    assert left
    with serving(user, DATA_DIR=place) as second:
        assert second.patients() == ["T-1"]
        assert not left & set(postgres_processes(place))
        assert "not properly shut down" not in (place / "postgres.log").read_text()


def test_a_terminals_ctrl_c_is_not_for_postgresql(place: Path) -> None:
    with serving(DATA_DIR=place) as server:
        others = {os.getsid(process) for process in (guard_of(place), *postgres_processes(place))}
        assert os.getsid(server.process.pid) not in others


def _shut_down(data_dir: Path) -> bool:
    return (data_dir / "postgres.log").read_text().rstrip().endswith("database system is shut down")


def test_a_second_start_is_told_who_serves(place: Path) -> None:
    with serving(DATA_DIR=place) as server:
        said = refusal(DATA_DIR=place)
        assert f"{place} is in use by process {server.process.pid} at {server.url}" in said
        assert "DATA_DIR" in said


def test_any_path_will_do(user: tuple[str, ...], place: Path) -> None:
    name = "Zoë, Ångström's data/" + "deep/" * 40
    (place / "private").mkdir(mode=0o700)
    with serving(user, DATA_DIR=place / name, TMPDIR=place / "private") as server:
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


@pytest.mark.parametrize(("bytes_", "elsewhere"), [(103, False), (104, True)])
def test_a_sockets_path_is_as_long_as_every_system_allows(place: Path, bytes_: int, elsewhere: bool) -> None:
    name = "d" * (bytes_ - len(f"{place}//pg/.s.PGSQL.5432"))
    with serving(DATA_DIR=place / name) as server:
        assert server.patients() == []
        assert (place / name / "sockets").exists() == elsewhere


@pytest.mark.skipif(not ROOT, reason="only root has a home that PostgreSQL's user cannot enter")
def test_under_a_private_directory_root_keeps_the_data_elsewhere_and_opens_nothing(place: Path) -> None:
    (place / "home").mkdir(mode=0o700)
    data = place / "home" / "data"
    with serving(DATA_DIR=data) as server:
        assert server.http.post("/patients", json=PATIENT).status_code == 201
        assert f"{(data / 'pg').readlink()}, where {data / 'pg'} leads" in server.said
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
    with serving(user, DATA_DIR=place) as server, available(place) as dsn:
        with psycopg.connect(dsn) as beside_it:
            assert beside_it.execute("SELECT count(*) FROM patients").fetchone() == (0,)
        assert server.patients() == []
