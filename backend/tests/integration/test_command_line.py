"""`python -m app` typed like json-server, in development: what its flags do, and what `make reset` does."""

import json
import socket
import time
from pathlib import Path

import pytest

from app.config import BACKEND
from tests.commands import ran
from tests.integration.processes import PATIENT, launched, refusal, serving
from tests.servers import free_port, wait_until

APP = ("-m", "app")


@pytest.fixture
def mine(place: Path) -> Path:
    file = place / "mine.json"
    file.write_text(json.dumps({"patients": [PATIENT | {"id": "7"}]}))
    return file


def test_a_line_of_json_server_is_obeyed(place: Path, mine: Path) -> None:
    port = free_port()
    there = ("sh", "-c", 'cd "$0" && exec "$@"', str(place))  # files are named from where one stands
    typed = ("-p", str(port), "--host", "127.0.0.1", "--read-only", "--delay", "300", "--watch", "mine.json")
    with serving(there, (*APP, *typed), DATA_DIR=place / "data", PYTHONPATH=BACKEND) as server:
        assert server.url == f"http://127.0.0.1:{port}"
        assert "--watch has no counterpart here: the file is read once" in server.said
        begin = time.monotonic()
        assert server.patients() == ["T-1"]
        assert time.monotonic() - begin >= 0.3
        answers = [server.http.request(method, "/patients/7") for method in ("PUT", "PATCH", "DELETE")]
        answers.append(server.http.post("/patients", json=PATIENT))
        assert {answer.status_code for answer in answers} == {403}
        assert answers[-1].json()["detail"] == "This server was started with READ_ONLY: it answers reads only."
        assert server.http.head("/patients").status_code == 200
        assert server.patients() == ["T-1"]


def test_what_cannot_be_obeyed_is_said_before_anything_starts(place: Path) -> None:
    with launched((), (*APP, "--routes", "routes.json"), DATA_DIR=place) as server:
        assert server.process.wait(30) == 2
        assert server.said.startswith("Patients API did not start. --routes has no counterpart here: a prefix such as")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("setting", ["DELAY", "READ_ONLY"])
def test_production_rehearses_nothing(setting: str) -> None:
    said = refusal(ENVIRONMENT="production", DATABASE_URL="postgresql://h/d", **{setting: "1"})
    assert said == "DELAY and READ_ONLY are for development: unset them when ENVIRONMENT=production"


def test_a_quiet_start_says_nothing(database_url: str) -> None:
    port = free_port()
    with launched((), (*APP, "--quiet", "--no-cors", "-p", str(port)), DATABASE_URL=database_url) as server:
        wait_until(lambda: not _is_free(port), 30)
        answer = server.http.get(f"http://127.0.0.1:{port}/patients?q=a", headers={"Origin": "http://a.example"})
        assert "access-control-allow-origin" not in answer.headers
        assert server.said == ""


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_reset_begins_anew(place: Path, mine: Path) -> None:
    settings: dict[str, object] = {"DATA_DIR": place / "data", "SEED_FILE": mine}
    with serving(**settings) as server:
        server.http.delete("/patients/7")
        assert "is in use by process" in reset(settings, "--yes", code=2)
    mine.write_text(json.dumps({"patients": [PATIENT | {"id": "8"}]}))
    with serving(**settings) as server:
        assert server.patients() == []
        assert f"{mine} has changed since it was imported, and is not read again. `make reset` begins" in server.said
    assert "Nothing was removed." in reset(settings, answer="n\n", code=1)
    assert "Nothing was removed." in reset(settings, answer="", code=1)
    assert f"Removed. The next start begins with {mine}." in reset(settings, answer="y\n")
    assert f"There is no database in {place}/data." in reset(settings)
    with serving(**settings) as server:
        assert [patient["id"] for patient in server.http.get("/patients").json()] == ["8"]
        assert "has changed" not in server.said
    assert "Removed." in reset(settings, "--yes")


def test_an_import_by_hand_is_remembered_too(place: Path, mine: Path) -> None:
    settings: dict[str, object] = {"DATA_DIR": place / "data", "SEED_FILE": mine}
    with serving(**settings):
        pass
    mine.write_text(json.dumps({"patients": [PATIENT | {"id": "7"}, PATIENT | {"id": "8", "patientID": "T-2"}]}))
    with serving(**settings) as server:
        assert "has changed since it was imported" in server.said
        assert "migrated" in script("migrate_db_json.py", settings, str(mine))
    with serving(**settings) as server:
        assert server.patients() == ["T-1", "T-2"]
        assert "has changed" not in server.said


def test_reset_leaves_a_given_database_alone(database_url: str) -> None:
    assert "Nothing was removed. DATABASE_URL is set" in reset({"DATABASE_URL": database_url}, "--yes", code=2)


def reset(settings: dict[str, object], *arguments: str, answer: str = "", code: int = 0) -> str:
    return script("reset_data.py", settings, *arguments, answer=answer, code=code)


def script(name: str, settings: dict[str, object], *arguments: str, answer: str = "", code: int = 0) -> str:
    done = ran(f"scripts/{name}", *arguments, stdin=answer, **{one: str(value) for one, value in settings.items()})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
