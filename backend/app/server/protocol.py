"""HTTP/1.1 on one connection: uvicorn's httptools protocol with the limits it lacks.

A head of at most `HEAD_BYTES`; a request received whole within `receive_timeout` seconds; refusals as problem+json; and
an answer that comes before the body was read reaches the client that still sends (RFC 9112, 9.6).
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.api.problems import problem

HEAD_BYTES = 32 * 1024  # request line and header fields together; Node has 16 KiB, nginx 32
_FIELD_COST = 32  # what a field takes beside its text, so that many empty ones count too
_LINGER = 2.0  # seconds
HELD_BYTES = 16 * 1024

_REFUSALS = {
    400: "The request is not valid HTTP/1.1.",
    408: "The request did not arrive in time. Send it again, faster.",
    414: f"The address is longer than {HEAD_BYTES} bytes, the most this server takes.",
    431: f"The header fields are larger than {HEAD_BYTES} bytes together, the most this server takes.",
}


class _TooLong(Exception):
    """Stops the parser, which reports it as an invalid request."""


class Protocol(HttpToolsProtocol):
    """One connection. `receive_timeout` is set by `limited`."""

    receive_timeout = 20.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._receiving = False  # a request has begun and is not yet here whole
        self._in_head = False
        self._head_bytes = 0
        self._refusal = 400
        self._discarding = False

    # The life of a connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.transport = cast(asyncio.Transport, _Gentle(self.transport, self))
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._discarding:
            return
        if self._in_head:  # also counts a field whose end never comes; the parser would keep it all
            self._head_bytes += len(data)
        if self._deadline is None:
            self._watch()
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self._discarding:
            self._refuse(431)

    # The parts of a request, as the parser finds them.

    def on_message_begin(self) -> None:
        self._receiving = self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url), 414)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + _FIELD_COST, 431)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._receiving = False
        self._unwatch()
        super().on_message_complete()

    def _count(self, size: int, refusal: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            self._refusal = refusal
            raise _TooLong

    # Time.

    def _watch(self) -> None:
        self._deadline = self.loop.call_later(self.receive_timeout, self._expired)

    def _unwatch(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        if self._answering():  # we are the slow ones, or the reader of our answer is
            self._watch()
        elif self._receiving:
            self._refuse(408)
        else:
            self.transport.close()

    def _answering(self) -> bool:
        """Whether a request that came whole still waits for its answer or gets it."""
        return bool(self.pipeline) or (
            self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete
        )

    # Refusing and closing.

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 uvicorn's name and words
        """Called when the parser gives up."""
        if self._answering():  # what follows a whole request is nonsense: answer the request, then close
            self.cycle.keep_alive = False
        else:
            self._refuse(self._refusal)

    def _refuse(self, status: int) -> None:
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_answer(status))
        if cycle is not None:  # whoever waits for the rest of the body learns that it never comes
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()

    def close(self, transport: asyncio.Transport) -> None:
        """Close; while a client still sends, only our side, and read on: a reset would destroy the answer under way."""
        if not self._receiving or not transport.can_write_eof():
            transport.close()
        elif not self._discarding:
            self._discarding = True
            transport.write_eof()
            self.flow.resume_reading()
            self.loop.call_later(_LINGER, transport.close)


class _Gentle:
    """The connection's transport, closed by `Protocol.close`. What one turn of the loop writes leaves in one piece.

    uvicorn writes an answer's head and its body apart: two system calls, two packets, and the client woken twice.
    """

    def __init__(self, transport: asyncio.Transport, protocol: Protocol) -> None:
        self._transport, self._protocol, self._closed = transport, protocol, False
        self._loop, self._held, self._size = protocol.loop, list[bytes](), 0

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._size += len(data)
        if self._size >= HELD_BYTES:  # or the transport could not say that it is full
            self.flush()

    def flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.writelines(held)

    def write_eof(self) -> None:
        self.flush()
        self._transport.write_eof()

    def close(self) -> None:
        self.flush()
        self._closed = True
        self._protocol.close(self._transport)

    def is_closing(self) -> bool:
        return self._closed or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def limited(receive_timeout: float) -> type[Protocol]:
    """The protocol with this many seconds for a request to arrive."""
    return type("LimitedProtocol", (Protocol,), {"receive_timeout": receive_timeout})


def _answer(status: int) -> bytes:
    response = problem(status, _REFUSALS[status], headers={"Connection": "close"})
    head = b"".join(b"%s: %s\r\n" % field for field in response.raw_headers)
    return STATUS_LINE[status] + head + b"\r\n" + bytes(response.body)
