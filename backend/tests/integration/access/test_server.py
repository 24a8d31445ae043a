"""The server as a process: what it says of access at its start, and who stands in its log."""

import json
import re

import httpx2
import pytest

from app.access import keys
from tests.commands import ran, typed
from tests.integration.processes import refusal, serving

OPEN = "ANYONE WHO CAN REACH THIS SERVER MAY READ, CHANGE AND DELETE EVERY PATIENT"


def test_production_must_say_who_may() -> None:
    for unsaid in ({}, {"ACCESS": ""}, {"ACCESS": "  "}):
        said = refusal(ENVIRONMENT="production", DATABASE_URL="postgresql://h/d", **unsaid)
        assert said.startswith("ACCESS must be set when ENVIRONMENT=production, to open, keys, jwt, or keys,jwt;")


def test_uvicorn_is_told_the_same() -> None:
    uvicorn = ("-m", "uvicorn", "app.main:app", "--port", "0")
    said = ran(*uvicorn, ENVIRONMENT="production", DATABASE_URL="postgresql://h/d")
    assert said.returncode != 0
    assert "ACCESS must be set when ENVIRONMENT=production" in said.stderr


def test_in_production_the_log_names_who_asked_and_no_key(database_url: str) -> None:
    key, line = keys.made("anna", "reader")
    shared = {"DATABASE_URL": database_url, "ENVIRONMENT": "production", "LOG_FORMAT": "json"}
    with serving(**shared, ACCESS="keys", API_KEYS=line) as server:
        known = {"Authorization": f"Bearer {key}"}
        assert server.http.get("/patients", headers=known).status_code == 200
        assert server.http.delete("/patients/1", headers=known).status_code == 403
        assert server.http.head("/patients").status_code == 401
        assert server.http.get("/patients", headers={"Authorization": "Bearer hunter2"}).status_code == 401
        server.stop()
        lines = [json.loads(text) for text in server.said.splitlines()]
        asked = [(one["method"], one["status"], one.get("actor")) for one in lines if one["logger"] == "app.requests"]
        assert asked == [("GET", 200, "key:anna"), ("DELETE", 403, "key:anna"), ("HEAD", 401, None), ("GET", 401, None)]
        assert not re.search(f"hunter2|{key}|{line.rpartition(':')[2]}|{OPEN}", server.said)


def test_open_is_said_and_asks_nobody(database_url: str) -> None:
    with serving(DATABASE_URL=database_url, ENVIRONMENT="production", ACCESS="open") as server:
        assert server.http.get("/patients", headers={"Authorization": "Bearer x"}).status_code == 200
        assert server.said.count(OPEN) == 1


def test_a_key_of_the_command_line_opens_the_server(database_url: str) -> None:
    key, line = ran("-m", "app", "key", "anna", "writer").stdout.splitlines()
    assert re.fullmatch(r"pak_[A-Za-z0-9_-]{43}", key)
    assert re.fullmatch(r"anna writer sha256:[0-9a-f]{64}", line)
    with serving(DATABASE_URL=database_url, ACCESS="keys", API_KEYS=f"\r\n{line}\r\n") as server:
        assert httpx2.get(f"{server.url}/patients").status_code == 401
        assert httpx2.get(f"{server.url}/patients", headers={"Authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.parametrize(
    "arguments", [("key",), ("key", "anna"), ("key", "a b", "reader"), ("key", "anna", "boss"), ("key", "a", "b", "c")]
)
def test_a_key_that_cannot_be_made_is_told(arguments: tuple[str, ...]) -> None:
    done = typed(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "python -m app key: error: " in done.stderr
