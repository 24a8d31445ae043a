"""Who has gone is not served: the task that answers is cancelled when the connection is lost.

Whoever is cancelled decides what that means: one who waits leaves the queue, a read is given up, and a write that was
sent is finished (`database`).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.server.pace import PacedProtocol
from app.server.transport import GentleTransport

_SILENCE = 0.25  # seconds between the end of what a client sends and asking whether it is still there
_STILL_THERE = b"HTTP/1.1 100 Continue\r\n\r\n"


class PresentProtocol(PacedProtocol):
    """A client that only closes its own side still gets its answer; one that closes both looks the same at first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gentle: GentleTransport
        self._served: RequestResponseCycle | None = None
        self._task: asyncio.Task[None] | None = None
        self._asking: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._asking:
            self._asking.cancel()
        if self._task and self._served:
            self._served.disconnected = True  # uvicorn says so to the last one that was read
            self._task.cancel()

    # uvicorn's is declared to say None, and nothing else; True, by which the answer can still be written (asyncio,
    # Streaming Protocols), cannot be said in its type.
    def eof_received(self) -> bool:  # type: ignore[override]
        self._gentle.flush()
        if self._answering():
            self.cycle.keep_alive = False
            self._asking = self.loop.call_later(_SILENCE, self._ask)
        return self._answering()

    def _ask(self) -> None:
        """Send an interim answer, which every client of HTTP/1.1 takes and forgets (RFC 9110, 15.2).

        The system of one that has gone answers it with a reset, and the next one fails. HTTP/1.0 has nothing of the
        kind; there silence is a farewell. In an answer that has begun only the application can write something: it
        hears of it as of a piece of the request's body (`api/events`).
        """
        if not self._answering():
            return
        if self.cycle.scope["http_version"] == "1.0":
            self.transport.abort()
        elif self.cycle.response_started:
            self.cycle.message_event.set()
        elif not self.pipeline:
            self.transport.write(_STILL_THERE)
        self._asking = self.loop.call_later(_SILENCE, self._ask)

    def _answering(self) -> bool:
        """Whether a request that came whole still waits for its answer or gets it."""
        return bool(self.pipeline) or (
            self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete
        )

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """As uvicorn's, which keeps the task to itself."""
        self._served, self._task = cycle, (task := self.loop.create_task(cycle.run_asgi(app)))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
