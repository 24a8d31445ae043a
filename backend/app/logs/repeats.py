"""A fault that repeats itself is said at once, and from then on once a second with its count. Pure."""

import logging
from dataclasses import dataclass

from app.logs.lines import first_line, places

SECOND = 1.0
_KINDS = 100  # different faults told apart at a time; of more each is said


@dataclass
class _Fault:
    """The last record of its kind, when one was said, and how many have come since."""

    record: logging.LogRecord
    said: float
    unsaid: int = 0


class Repeats:
    """What was said within the last second. `now` is any clock that only goes on, in seconds."""

    def __init__(self) -> None:
        self._faults: dict[object, _Fault] = {}

    def __bool__(self) -> bool:
        return bool(self._faults)

    def is_one(self, record: logging.LogRecord, now: float) -> bool:
        """Whether it has been said already; then it is counted."""
        key = _kind(record)
        if fault := self._faults.get(key):
            fault.record, fault.unsaid = record, fault.unsaid + 1
        elif len(self._faults) < _KINDS:
            self._faults[key] = _Fault(record, now)
        return fault is not None

    def due(self, now: float) -> list[logging.LogRecord]:
        """What came again and is to be said now, each with its count. What did not come again is forgotten."""
        old = {key: fault for key, fault in self._faults.items() if fault.said + SECOND <= now}
        for key, fault in old.items():
            if fault.unsaid:
                self._faults[key] = _Fault(fault.record, now)
            else:
                del self._faults[key]
        return [_again(fault.record, fault.unsaid) for fault in old.values() if fault.unsaid]


def _kind(record: logging.LogRecord) -> object:
    error = record.exc_info and record.exc_info[1]
    return record.name, record.levelno, first_line(record), error and places(error)


def _again(record: logging.LogRecord, times: int) -> logging.LogRecord:
    kept = {name: record.__dict__[name] for name in ("name", "levelno", "levelname", "exc_info")}
    fields = getattr(record, "fields", {}) | {"times": times}
    return logging.makeLogRecord(kept | {"msg": f"{first_line(record)} ({times} more)", "fields": fields})
