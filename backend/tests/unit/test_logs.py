"""Log lines: one a record, in either format, with nothing in them that an exception or a library put in its text."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from psycopg.errors import UniqueViolation
from pydantic import ValidationError

from app import logs
from app.api.middleware import Requests
from app.config import Settings
from app.resources import PATIENTS

NAME = "Ada Lovelace"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)


BOTH = pytest.mark.parametrize("log_format", ["plain", "json"])


def test_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(_env_file=None))
    logging.getLogger("app.requests").info("GET %s %d", "/patients", 200, extra={"fields": {"status": 200}})
    time, _, rest = capsys.readouterr().err.partition(" ")
    assert time.endswith("Z")
    assert rest == "INFO app.requests GET /patients 200\n"


def test_a_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(_env_file=None, log_format="json"))
    logging.getLogger("app.requests").warning("Zoë %s", "x", extra={"fields": {"status": 200}})
    line = json.loads(capsys.readouterr().err)
    assert line.pop("time").endswith("Z")
    assert line == {"level": "WARNING", "logger": "app.requests", "message": "Zoë x", "status": 200}


@BOTH
def test_an_exception_is_its_type_and_places(
    log_format: Literal["plain", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(_env_file=None, log_format=log_format))
    try:
        try:
            PATIENTS.create.model_validate({"name": NAME, "age": NAME})
        except ValidationError as error:
            raise UniqueViolation(f"Key (name)=({NAME}) already exists") from error
    except UniqueViolation:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Exception in ASGI application" in said
    assert "UniqueViolation at test_logs.py:" in said
    assert "from ValidationError at main.py:" in said
    assert NAME not in said


@BOTH
def test_only_the_first_line_of_a_message_counts(
    log_format: Literal["plain", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    """asyncio writes the exception of a forgotten task, values and all, into the second."""
    logs.configure(Settings(_env_file=None, log_format=log_format))
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <%s>", NAME)
    said = capsys.readouterr().err
    assert "Task exception was never retrieved" in said
    assert NAME not in said


@BOTH
def test_an_uncaught_exception_is_logged_alike(
    log_format: Literal["plain", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(_env_file=None, log_format=log_format))
    error = ValueError(NAME)
    sys.excepthook(ValueError, error, None)
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert NAME not in said


@pytest.mark.parametrize(
    ("tells_query", "query", "said"),
    [
        (True, b"", "GET - 0"),
        (True, b"q=Ada&age_gte=4%205&name[]=x", "GET -?q=Ada&age_gte=4%205&name[]=x 0"),
        (True, b"\x1b[2J\r\nWARNING \xff\x9b", "GET -?%1B[2J%0D%0AWARNING%20%FF%9B 0"),
        (False, b"q=Ada", "GET - 0"),
    ],
)
async def test_a_query_is_told_in_development_and_drives_no_terminal(
    capsys: pytest.CaptureFixture[str], tells_query: bool, query: bytes, said: str
) -> None:
    async def nothing(*_: Any) -> Any: ...

    logs.configure(Settings(_env_file=None))
    scope = {"type": "http", "method": "GET", "query_string": query, "headers": []}
    await Requests(nothing, None, tells_query)(scope, nothing, nothing)
    assert f" INFO app.requests {said} " in capsys.readouterr().err


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", True), ("INFO", True), ("WARNING", False)])
def test_the_level_is_the_settings(level: str, shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings.model_validate({"log_level": level}))
    logging.getLogger("app").info("here")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert (capsys.readouterr().err != "") is shown
