"""Log lines, plain or JSON, on stderr. Nothing about a patient, whoever logs, but for a query in development.

Drivers and validators put values into the text of their exceptions, and asyncio into the later lines of a message. So a
record is its first line, and an exception its type and the places it passed, never its text.
"""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType

from app.config import Settings

# Loggers of libraries that tell every step at INFO; where `uvicorn` is the command it has set its own level already.
_CHATTY = ("uvicorn.error", "alembic")
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")
_PLACES = 8


def configure(settings: Settings) -> None:
    """Send every logger of the process to stderr in the format and from the level of the settings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATS[settings.log_format]())
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for name in _CHATTY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level or logging.WARNING, logging.getLogger().level))
    _take_over(map(logging.getLogger, _UVICORN))
    sys.excepthook = _log_uncaught
    logging.raiseExceptions = False  # a line that cannot be written would have its arguments printed instead
    for fact in ("logThreads", "logMultiprocessing", "logProcesses", "logAsyncioTasks", "_srcfile"):
        setattr(logging, fact, None)  # no line shows these; each takes time (Python's logging HOWTO, "Optimization")


def _take_over(loggers: Iterable[logging.Logger]) -> None:
    for logger in loggers:
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # its lines have the query string, and so what was searched for


class _Plain(logging.Formatter):
    """`2026-01-31T09:00:00.123Z INFO app.requests GET /patients 200 1.4 ms 3f2a…`"""

    def format(self, record: logging.LogRecord) -> str:
        fault = f" [{places(record.exc_info[1])}]" if record.exc_info and record.exc_info[1] else ""
        return f"{_time(record)} {record.levelname} {record.name} {_first_line(record)}{fault}"


class _Json(logging.Formatter):
    """One object a line: time, level, logger, message, the record's `fields`, and `exception` if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _time(record), "level": record.levelname, "logger": record.name, "message": _first_line(record)}
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1]:
            line["exception"] = places(record.exc_info[1])
        return json.dumps(line, default=str)


_FORMATS = {"plain": _Plain, "json": _Json}


def _time(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(1)
def _second(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _first_line(record: logging.LogRecord) -> str:
    return next(iter(record.getMessage().splitlines()), "")


def places(error: BaseException) -> str:
    """`UniqueViolation at database.py:141 < database.py:96`, innermost first; then the exception it came from."""
    trace, passed = error.__traceback__, []
    while trace:
        passed.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    text = f"{type(error).__name__} at {' < '.join(reversed(passed[-_PLACES:]))}"
    return f"{text}, from {places(error.__cause__)}" if error.__cause__ else text


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("app").critical("unexpected end", exc_info=(kind, error, trace))
