"""Log lines: one a record, in either format, with nothing in them that an exception or a library put in its text."""

import asyncio
import json
import logging
import os
import select
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
from psycopg.errors import UniqueViolation
from pydantic import ValidationError

from app import logs
from app.api.front import Front
from app.config import Settings
from app.logs.writer import WAITING, Writer
from app.resources import PATIENTS

NAME = "Ada Lovelace"


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[0].close()
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)


Terminal = pytest.CaptureFixture[str]


def said(capfd: Terminal) -> str:
    """What has been written so far, once all is."""
    logging.getLogger().handlers[0].flush()
    return capfd.readouterr().err


BOTH = pytest.mark.parametrize("log_format", ["plain", "json"])


def test_a_plain_line(capfd: Terminal) -> None:
    logs.configure(Settings(_env_file=None))
    logging.getLogger("app.requests").info("GET %s %d", "/patients", 200, extra={"fields": {"status": 200}})
    time, _, rest = said(capfd).partition(" ")
    assert time.endswith("Z")
    assert rest == "INFO app.requests GET /patients 200\n"


def test_a_json_line(capfd: Terminal) -> None:
    logs.configure(Settings(_env_file=None, log_format="json"))
    logging.getLogger("app.requests").warning("Zoë %s", "x", extra={"fields": {"status": 200}})
    line = json.loads(said(capfd))
    assert line.pop("time").endswith("Z")
    assert line == {"level": "WARNING", "logger": "app.requests", "message": "Zoë x", "status": 200}


@BOTH
def test_an_exception_is_its_type_and_places(log_format: Literal["plain", "json"], capfd: Terminal) -> None:
    logs.configure(Settings(_env_file=None, log_format=log_format))
    try:
        try:
            PATIENTS.create.model_validate({"name": NAME, "age": NAME})
        except ValidationError as error:
            raise UniqueViolation(f"Key (name)=({NAME}) already exists") from error
    except UniqueViolation:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    text = said(capfd)
    assert text.count("\n") == 1
    assert "Exception in ASGI application" in text
    assert "UniqueViolation at test_logs.py:" in text
    assert "from ValidationError at main.py:" in text
    assert NAME not in text


@BOTH
def test_only_the_first_line_of_a_message_counts(log_format: Literal["plain", "json"], capfd: Terminal) -> None:
    """asyncio writes the exception of a forgotten task, values and all, into the second."""
    logs.configure(Settings(_env_file=None, log_format=log_format))
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <%s>", NAME)
    text = said(capfd)
    assert "Task exception was never retrieved" in text
    assert NAME not in text


@BOTH
def test_an_uncaught_exception_is_logged_alike(log_format: Literal["plain", "json"], capfd: Terminal) -> None:
    logs.configure(Settings(_env_file=None, log_format=log_format))
    error = ValueError(NAME)
    sys.excepthook(ValueError, error, None)
    text = said(capfd)
    assert "ValueError" in text
    assert NAME not in text


@pytest.mark.parametrize(
    ("tells_query", "query", "shown"),
    [
        (True, b"", "GET - 0"),
        (True, b"q=Ada&age_gte=4%205&name[]=x", "GET -?q=Ada&age_gte=4%205&name[]=x 0"),
        (True, b"\x1b[2J\r\nWARNING \xff\x9b", "GET -?%1B[2J%0D%0AWARNING%20%FF%9B 0"),
        (False, b"q=Ada", "GET - 0"),
    ],
)
async def test_a_query_is_told_in_development_and_drives_no_terminal(
    capfd: Terminal, tells_query: bool, query: bytes, shown: str
) -> None:
    async def nothing(*_: Any) -> Any: ...

    logs.configure(settings := Settings(_env_file=None))
    environment = "development" if tells_query else "production"
    front = Front(nothing, settings.model_copy(update={"environment": environment}), None, None)
    scope = {"type": "http", "method": "GET", "raw_path": b"/", "query_string": query, "headers": []}
    await front(scope, nothing, nothing)
    assert f" INFO app.requests {shown} " in said(capfd)


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", True), ("INFO", True), ("WARNING", False)])
def test_the_level_is_the_settings(level: str, shown: bool, capfd: Terminal) -> None:
    logs.configure(Settings.model_validate({"log_level": level}))
    logging.getLogger("app").info("here")
    logging.getLogger("uvicorn.error").info("Started server process")
    assert (said(capfd) != "") is shown


def test_a_fault_that_repeats_itself_is_counted(capfd: Terminal) -> None:
    logs.configure(Settings(_env_file=None))
    for _ in range(1000):
        logging.getLogger("app").warning("a statement failed: %s", "PoolTimeout")
        logging.getLogger("app").info("GET")
    logging.getLogger("app").warning("a statement failed: %s", "DiskFull")
    faults = [line.partition("WARNING app ")[2] for line in said(capfd).splitlines() if "WARNING" in line]
    assert faults == [
        "a statement failed: PoolTimeout",
        "a statement failed: DiskFull",
        "a statement failed: PoolTimeout (999 more)",
    ]


def test_a_change_is_no_repetition(capfd: Terminal) -> None:
    logs.configure(Settings(_env_file=None))
    for text in ("away", "back", "away"):
        logging.getLogger("app").warning(text, extra={"change": True})
    assert [line.rpartition(" ")[2] for line in said(capfd).splitlines()] == ["away", "back", "away"]


def test_a_reader_that_stands_still_costs_lines_and_is_told_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never the time of who has something to say."""
    reading, writing = os.pipe()
    with open(reading, encoding="utf-8") as reader, open(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure(Settings(_env_file=None, log_format="json"))
        log, total = logging.getLogger("app"), 3 * WAITING
        for number in range(total):
            log.info("line %d", number)
        read, lost = 0, 0
        while read + lost < total:
            line = json.loads(reader.readline())
            lost += line.get("lost", 0)
            read += line["logger"] == "app"
        assert WAITING <= read < total
        log.info("it goes on")
        assert json.loads(reader.readline())["message"] == "it goes on"


def test_what_is_said_in_one_turn_leaves_together_when_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(reading, "rb", buffering=0) as reader, open(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure(Settings(_env_file=None))

        async def turns() -> tuple[bytes | None, bytes | None]:
            for number in range(200):
                logging.getLogger("app").info("line %d", number)
            within = reader.read()
            await asyncio.sleep(0)
            return within, reader.read()

        within, after = asyncio.run(turns())
        assert within is None
        assert [line.rpartition(b" ")[2] for line in (after or b"").splitlines()] == [b"%d" % n for n in range(200)]


def test_lines_of_several_on_one_pipe_stay_whole() -> None:
    """As those of workers whose log is read slowly."""
    reading, writing = os.pipe()
    writers = [Writer(writing) for _ in range(2)]

    def say(number: int) -> None:
        for _ in range(5000):
            writers[number].handle(logging.makeLogRecord({"msg": str(number) * 150, "levelno": logging.INFO}))

    with ThreadPoolExecutor(2) as speakers:
        for number in range(2):
            speakers.submit(say, number)
        lines = read(reading, 10_000, 2000)
    for writer in writers:
        writer.close()
    assert set(lines) == {"0" * 150, "1" * 150}


def test_a_repetition_is_said_where_nothing_else_is() -> None:
    reading, writing = os.pipe()
    writer = Writer(writing)
    for _ in range(3):
        writer.handle(logging.makeLogRecord({"msg": "away", "levelno": logging.WARNING}))
    assert read(reading, 2) == ["away", "away (2 more)"]
    writer.close()


def read(descriptor: int, count: int, at_once: int = 65_536) -> list[str]:
    """So many lines."""
    said = b""
    while said.count(b"\n") < count:
        assert select.select([descriptor], [], [], 10)[0], said
        said += os.read(descriptor, at_once)
    return said.decode().splitlines()
