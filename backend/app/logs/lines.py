"""A record as one line. Nothing of a record, whoever logs, but for a query in development.

Drivers and validators put values into the text of their exceptions, and asyncio into the later lines of a message. So a
record is its first line, and an exception its type and the places it passed, never its text.
"""

import json
import logging
from datetime import UTC, datetime
from functools import lru_cache

_PLACES = 8


class _Format(logging.Formatter):
    """Of one worker, by its number, where there are several."""

    def __init__(self, worker: int | None) -> None:
        super().__init__()
        self._worker = worker


class _Plain(_Format):
    """`2026-01-31T09:00:00.123Z INFO app.requests GET /doctors 200 1.4 ms 3f2a…`; of a worker `INFO [2] app.…`"""

    def __init__(self, worker: int | None) -> None:
        super().__init__(worker)
        self._which = "" if worker is None else f"[{worker}] "

    def format(self, record: logging.LogRecord) -> str:
        fault = f" [{places(record.exc_info[1])}]" if record.exc_info and record.exc_info[1] else ""
        return f"{_time(record)} {record.levelname} {self._which}{record.name} {first_line(record)}{fault}"


class _Json(_Format):
    """One object a line: time, level, logger, message, the record's `fields`, and `exception` if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"time": _time(record), "level": record.levelname, "logger": record.name, "message": first_line(record)}
        line |= getattr(record, "fields", {}) | ({} if self._worker is None else {"worker": self._worker})
        if record.exc_info and record.exc_info[1]:
            line["exception"] = places(record.exc_info[1])
        return json.dumps(line, default=str)


FORMATS = {"plain": _Plain, "json": _Json}


def _time(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(1)
def _second(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def first_line(record: logging.LogRecord) -> str:
    return next(iter(record.getMessage().splitlines()), "")


def places(error: BaseException) -> str:
    """`UniqueViolation at database.py:141 < database.py:96`, innermost first; then the exception it came from."""
    trace, passed = error.__traceback__, []
    while trace:
        passed.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    text = f"{type(error).__name__} at {' < '.join(reversed(passed[-_PLACES:]))}"
    return f"{text}, from {places(error.__cause__)}" if error.__cause__ else text
