"""Several processes that serve the same sockets: their parent starts them, replaces who has ended, and ends them all.

Each is a program of its own, not a copy of its parent: one that is started later has what the code and the settings are
by then. A line (a socket pair) joins each to its parent. On it a worker says that requests are answered; its other end
closes with the parent, however that ended, and then the worker stops.
"""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

log = logging.getLogger("app.workers")

_SHORT = 1.0  # seconds of a life after which the next one is begun later
_LONGEST_PAUSE = 10.0  # seconds between an end and the next beginning
_AFTER_ALL = 5.0  # seconds that a worker may take beside those that it gives its requests
_READY = b"+"

Ended = Callable[[int], None]
"""Told the process id of a worker that is no more."""


class Post(NamedTuple):
    """What a worker is given on its command line, behind the word `worker`: which it is, and what it has inherited."""

    number: int
    line: int
    listeners: Sequence[int]

    @classmethod
    def parsed(cls, word: str) -> Self:
        number, line, *listeners = map(int, word.split(","))
        return cls(number, line, listeners)

    def __str__(self) -> str:
        return ",".join(map(str, (self.number, self.line, *self.listeners)))

    @property
    def inherited(self) -> Sequence[int]:
        return [self.line, *self.listeners]

    def sockets(self) -> list[socket.socket]:
        return [socket.socket(fileno=number) for number in self.listeners]

    def take(self) -> None:
        """Say that requests are answered; from now on stop, as if asked to, when the parent is no more."""
        line, loop = socket.socket(fileno=self.line), asyncio.get_running_loop()
        line.send(_READY)

        def orphaned() -> None:
            loop.remove_reader(line)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(line, orphaned)


class _Worker:
    """One process. Its group is its own: what a terminal sends to all reaches the parent alone, which passes it on."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.process, self._line, self._began = process, line, time.monotonic()
        self.ended = asyncio.create_task(process.wait())
        self.ended.add_done_callback(lambda _: line.close())

    @classmethod
    async def start(
        cls, command: Sequence[str], given: Mapping[str, str], number: int, listeners: Sequence[socket.socket]
    ) -> Self:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            post = Post(number, theirs.fileno(), [listener.fileno() for listener in listeners])
            process = await asyncio.create_subprocess_exec(
                *command, str(post), env={**os.environ, **given}, pass_fds=post.inherited, process_group=0
            )
        return cls(process, ours)

    async def ready(self) -> bool:
        """Once requests are answered; False if it has ended before."""
        with suppress(ConnectionError):
            if await asyncio.get_running_loop().sock_recv(self._line, 1) == _READY:
                return True
        await self.ended
        return False

    @property
    def code(self) -> int:
        """Its exit code, or the signal that ended it with a minus; 0 while it lives."""
        return self.ended.result() if self.ended.done() else 0

    @property
    def lived(self) -> float:
        return time.monotonic() - self._began

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self.process.send_signal(number)


class Crew:
    """Workers of one command, which gets a `Post` as its last word, with these variables in their environment.

    Requests under way get `patience` seconds at the end; `gone` is told of each worker that has ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        given: Mapping[str, str],
        listeners: Sequence[socket.socket],
        patience: float,
        gone: Ended,
    ) -> None:
        self._command, self._given, self._listeners = command, given, listeners
        self._patience, self._gone = patience + _AFTER_ALL, gone
        self._alive: set[_Worker] = set()
        self._posts: dict[int, _Worker] = {}
        self._stopping = asyncio.Event()
        self._renewal: asyncio.Task[None] | None = None

    async def work(self, count: int, announce: Callable[[], None]) -> int:
        """Have so many serve until SIGINT or SIGTERM; SIGHUP has each replaced in turn. `announce` is called once all
        answer. Returns the exit code: of one that would not even begin, else 0."""
        self._hear()
        self._posts = {number: await self._start(number) for number in range(1, count + 1)}
        first = list(self._posts.values())
        await asyncio.gather(*(worker.ready() for worker in first))
        if code := next((worker.code for worker in first if worker.code > 0), 0):
            self.stop()
        elif not self._stopping.is_set():
            announce()
        await asyncio.gather(*map(self._keep, self._posts))
        await self._end()
        return code

    def stop(self) -> None:
        """Pass it on: what is under way is finished."""
        self._stopping.set()
        for worker in self._alive:
            worker.signal(signal.SIGTERM)

    def renew(self) -> None:
        """Replace one after the other, each once the next one answers; not twice at a time."""
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())

    def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.renew)

    async def _start(self, number: int) -> _Worker:
        worker = await _Worker.start(self._command, self._given, number, self._listeners)
        self._alive.add(worker)
        worker.ended.add_done_callback(lambda _: self._forget(worker))
        if self._stopping.is_set():
            worker.signal(signal.SIGTERM)
        return worker

    def _forget(self, worker: _Worker) -> None:
        self._alive.discard(worker)
        self._gone(worker.process.pid)

    async def _keep(self, number: int) -> None:
        """Have a worker of this number: when one has ended by itself the next is begun, later and later while they die
        at once."""
        pause = 0.0
        while not self._stopping.is_set():
            worker = self._posts[number]
            code = await worker.ended
            if self._posts[number] is worker and not self._stopping.is_set():
                pause = min(2 * pause + 0.1, _LONGEST_PAUSE) if worker.lived < _SHORT else 0.0
                log.error("worker %d has ended (%d): another is started in %.1f s", number, code, pause)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                if not self._stopping.is_set():
                    self._posts[number] = await self._start(number)

    async def _renew(self) -> None:
        for number in tuple(self._posts):
            worker = await self._start(number)
            if self._stopping.is_set():
                return
            if not await worker.ready():
                log.error("a new worker %d did not start: the old ones go on", number)
                return
            old, self._posts[number] = self._posts[number], worker
            old.signal(signal.SIGTERM)
            await old.ended
            log.info("worker %d is replaced", number)

    async def _end(self) -> None:
        """All have their time; who takes longer is ended."""
        ends = [worker.ended for worker in self._alive]
        _, late = await asyncio.wait(ends, timeout=self._patience) if ends else (ends, set())
        for worker in [worker for worker in self._alive if late]:
            worker.signal(signal.SIGKILL)
        if late:
            await asyncio.wait(late)
