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
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

log = logging.getLogger("app.workers")

_SHORT = 1.0  # seconds of answering; after less the next one is begun later
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
        self.process, self._line = process, line
        self._began = self._end = 0.0  # of answering
        self.ended = asyncio.create_task(process.wait())
        self.ready = asyncio.create_task(self._ready())
        self.ended.add_done_callback(self._close)

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

    async def _ready(self) -> bool:
        """Once requests are answered; False if it has ended before."""
        with suppress(ConnectionError):
            if await asyncio.get_running_loop().sock_recv(self._line, 1) == _READY:
                self._began = time.monotonic()
                return True
        await self.ended
        return False

    def _close(self, _: asyncio.Task[int]) -> None:
        self._end = time.monotonic()
        self._line.close()

    @property
    def code(self) -> int:
        """Its exit code, or the signal that ended it with a minus; 0 while it lives."""
        return self.ended.result() if self.ended.done() else 0

    @property
    def answered(self) -> float:
        """For how many seconds it has, where it has ended."""
        return self._end - self._began if self._began else 0.0

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
        self._renewing: asyncio.Task[None] | None = None
        self._renewals = 0  # that are asked for and have not begun

    async def work(self, count: int, announce: Callable[[], None]) -> int:
        """Have so many serve until SIGINT or SIGTERM; SIGHUP has each replaced in turn. `announce` is called once all
        answer. Returns the exit code: of one that would not even begin, else 0."""
        self._hear()
        self._posts = {number: await self._start(number) for number in range(1, count + 1)}
        first = list(self._posts.values())
        await asyncio.gather(*(worker.ready for worker in first))
        if code := next((worker.code for worker in first if worker.code > 0), 0):
            self.stop()
        elif not self._stopping.is_set():
            announce()
        await asyncio.gather(*map(self._keep, self._posts))
        await self._see_off(self._alive)
        return code

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Pass it on: what is under way is finished, or broken off by a second SIGINT."""
        self._stopping.set()
        for worker in self._alive:
            worker.signal(number)

    def renew(self) -> None:
        """Replace one after the other, each once the next one answers. Whoever asks meanwhile has all replaced again:
        what has changed since may be missing in those that were first."""
        self._renewals = 1
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())

    def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop, number)
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
                pause = _longer(pause) if worker.answered < _SHORT else 0.0
                log.error("worker %d has ended (%d): another is started in %.1f s", number, code, pause)
                self._posts[number] = await self._another(number, pause)

    async def _another(self, number: int, pause: float) -> _Worker:
        """The next one, as soon as the system lets a process begin; if all are to stop the one before."""
        while not await self._stopped_within(pause):
            try:
                return await self._start(number)
            except OSError as error:
                pause = _longer(pause)
                log.error("worker %d cannot be started (%s): tried again in %.1f s", number, error.strerror, pause)
        return self._posts[number]

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _renew(self) -> None:
        while self._renewals:
            self._renewals = 0
            for number in tuple(self._posts):
                if not await self._replace(number):
                    break

    async def _replace(self, number: int) -> bool:
        """Whether it could be."""
        with suppress(OSError):
            worker = await self._start(number)
            if await worker.ready:
                old, self._posts[number] = self._posts[number], worker
                old.signal(signal.SIGTERM)
                await self._see_off([old])
                log.info("worker %d is replaced", number)
                return True
        if not self._stopping.is_set():
            log.error("a new worker %d did not start: the old ones go on", number)
        return False

    async def _see_off(self, workers: Iterable[_Worker]) -> None:
        """They have their time; who takes longer is ended."""
        if those := list(workers):
            await asyncio.wait([worker.ended for worker in those], timeout=self._patience)
        for worker in those:
            if not worker.ended.done():
                worker.signal(signal.SIGKILL)
                await worker.ended


def _longer(pause: float) -> float:
    return min(2 * pause + 0.1, _LONGEST_PAUSE)
