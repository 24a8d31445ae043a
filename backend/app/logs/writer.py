"""Lines to a descriptor whose reader may stand still: who has something to say never waits for it.

What is said in one turn of the event loop leaves with its end, in one piece; outside of a loop each line leaves at
once. What a file or a pipe does not take then a thread writes, and from `WAITING` lines on the next are lost; how many
is said where they are missing.
"""

import asyncio
import logging
import os
import select
import stat
import threading
import time
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate

from app.logs.repeats import SECOND, Repeats

WAITING = 10_000  # a second of the most requests there are
_AT_ONCE = 100  # that are looked at to fill a write of `select.PIPE_BUF` bytes
_GATHER = 0.01  # seconds after each write; what is said meanwhile goes out in one piece
_FAREWELL = 1.0  # seconds that the end waits for a reader


class Writer(logging.Handler):
    """Lines leave in the order they were said in."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._takes_whole = stat.S_IFMT(os.fstat(descriptor).st_mode) in (stat.S_IFREG, stat.S_IFIFO)
        self._repeats = Repeats()
        self._waiting: list[bytes] = []
        self._lost = 0
        self._writing = self._closed = False
        self._turn = threading.Condition(self.lock)  # `handle` has it already when it calls `emit`
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if not self._is_repetition(record):
                self._say(record)
        except Exception:  # of any kind: who logs must not fail by that (Python, logging, Handler.handleError)
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all is written, but not for a reader that stands still."""
        with self._turn:
            self._say_repeats(time.monotonic() + SECOND)
            self._leave()
            self._turn.wait_for(lambda: not self._waiting and not self._writing, _FAREWELL)

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        super().close()

    def _say(self, record: logging.LogRecord) -> None:
        if len(self._waiting) >= WAITING:
            self._lost += 1
            return
        self._waiting.append(self._line(record))
        loop = asyncio._get_running_loop()
        if loop is None:
            self._leave()
        elif len(self._waiting) == 1:
            loop.call_soon(self._leave)

    def _is_repetition(self, record: logging.LogRecord) -> bool:
        """Of a fault. What is said once at each change has `change` in its `extra`."""
        fault = record.levelno >= logging.WARNING and not hasattr(record, "change")
        if fault and not self._repeats:
            self._turn.notify_all()  # who says repetitions waits for one
        return fault and self._repeats.is_one(record, time.monotonic())

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(errors="backslashreplace")

    def _leave(self) -> None:
        """Write what the descriptor takes without waiting. The thread has the rest, and what comes behind a loss."""
        with self._turn:
            while not self._writing and not self._lost and (count := self._fitting()) and self._written(count):
                del self._waiting[:count]
            if self._waiting:
                self._turn.notify_all()

    def _fitting(self) -> int:
        """How many of the next lines a descriptor that is ready takes whole (Python's `select.PIPE_BUF`).

        A terminal promises no such thing.
        """
        return _whole(self._waiting) if self._takes_whole else 0

    def _written(self, count: int) -> bool:
        """Whether so many lines could be, without waiting."""
        lines = b"".join(self._waiting[:count])
        with suppress(OSError):
            return _ready(self._descriptor, 0) and os.write(self._descriptor, lines) == len(lines)
        return False

    def _say_repeats(self, now: float) -> None:
        for record in self._repeats.due(now):
            self._say(record)

    def _run(self) -> None:
        while self._waiting or not self._closed:
            if lines := self._next():
                with suppress(OSError):  # nobody is there to read them
                    for piece in _pieces(lines):
                        _write(self._descriptor, piece)
                self._rest()

    def _next(self) -> list[bytes]:
        """All that waits, as soon as something does; nothing, at most a second later."""
        with self._turn:
            self._turn.wait_for(lambda: self._waiting or self._closed or self._repeats)
            self._turn.wait_for(lambda: self._waiting or self._closed, SECOND)
            self._say_repeats(time.monotonic())
            lines, self._waiting = self._waiting, []
            lost, self._lost = self._lost, 0
            self._writing = bool(lines)
        return [*lines, self._line(_loss(lost))] if lost else lines

    def _rest(self) -> None:
        with self._turn:
            self._writing = False
            self._turn.notify_all()
        time.sleep(_GATHER)


def _whole(lines: Sequence[bytes]) -> int:
    """How many of them others who write to the same pipe leave in one piece (POSIX, write)."""
    return bisect(list(accumulate(map(len, lines[:_AT_ONCE]))), select.PIPE_BUF)


def _pieces(lines: list[bytes]) -> Iterator[bytes]:
    while lines:
        count = max(1, _whole(lines))
        yield b"".join(lines[:count])
        lines = lines[count:]


def _write(descriptor: int, data: bytes) -> None:
    while data:
        _ready(descriptor, None)  # whoever shares a terminal or a pipe may have made it one that does not wait
        with suppress(BlockingIOError):  # or fills it first
            data = data[os.write(descriptor, data) :]


def _ready(descriptor: int, milliseconds: int | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(milliseconds))


def _loss(lines: int) -> logging.LogRecord:
    said = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", "fields": {"lost": lines}}
    return logging.makeLogRecord(said | {"msg": f"{lines} lines of the log were lost: nobody read it"})
