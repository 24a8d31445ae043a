"""HTTP/1.1 on one connection: uvicorn's httptools protocol with the limits and the strictness it lacks.

A head of at most `HEAD_BYTES`; a request received whole within `receive_timeout` seconds, and of the answer something
taken in each further such time; one way to read a request (RFC 9112); refusals as problem+json; and an answer that
comes before the body was read reaches the client that still sends.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from math import inf
from random import uniform
from typing import Any, cast

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.flow_control import CLOSE_HEADER
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.limits import FIELD_COST, HEAD_BYTES, IMPORT_RATE, KEEP_ALIVE, LINGER
from app.server.door import Door
from app.server.pace import Refused
from app.server.presence import PresentProtocol
from app.server.strictness import fault_of
from app.server.transport import GentleTransport

_TOO_LATE = 408
_REFUSALS = {
    400: "The request is not valid HTTP/1.1.",
    408: "The request did not arrive in time. Send it again, faster.",
    503: "The server is stopping. Send the request again.",
    414: f"The address is longer than {HEAD_BYTES} bytes, the most this server takes.",
    431: f"The header fields are larger than {HEAD_BYTES} bytes together, the most this server takes.",
    501: "The only transfer coding this server knows is chunked.",
    505: "This server speaks HTTP/1.1.",
}


Refusal = Callable[[int, str], Response]
"""The answer to a request that is refused, from its status and a sentence."""


class Protocol(PresentProtocol):
    """One connection. `limited` sets the class's attributes."""

    receive_timeout = 20.0
    proxy_keep_alive = KEEP_ALIVE
    most_requests = 0  # on one connection, or half as many, each another number; 0: any
    refused: Refusal
    door: Door

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._receiving = False  # a request has begun and is not yet here whole
        self._in_head = False
        self._unparsed_bytes = self._messages = 0
        self._arrived = 0  # bytes of a body, since its deadline was set
        self._late = _TOO_LATE
        self._closing = False
        self._most = self.most_requests * uniform(0.5, 1) if self.most_requests else inf  # noqa: S311 no secret

    # The life of a connection.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._gentle = GentleTransport(self.transport, self.close)
        self.transport = cast(asyncio.Transport, self._gentle)
        self._watch(self.receive_timeout)
        self.door.enter()

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.leave()
        self._unwatch()
        self.resume_writing()
        super().connection_lost(exc)

    def _parse(self, data: memoryview) -> int:
        begun = self._messages if self._in_fields else 0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade()
            return int(upgrade.args[0])
        except httptools.HttpParserError:
            self._give_up()
        if self._in_fields and begun == self._messages:  # a field whose end never comes
            self._count_unparsed(len(data))
        if self._deadline is None and (self._receiving or not self._answering()):
            self._watch(self.receive_timeout)
        return len(data)

    def _count_unparsed(self, size: int) -> None:
        self._unparsed_bytes += size
        if self._unparsed_bytes > HEAD_BYTES and not self._deaf:
            self._refuse(431)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Once the server stops, or enough was asked here, an answer says that it is the last one: who sends no more
        loses nothing."""
        if self.door.closing or (self._messages >= self._most and not self.pipeline):
            cycle.keep_alive = False
            cycle.scope["headers"] = [*cycle.scope["headers"], CLOSE_HEADER]  # as if asked for: uvicorn answers alike
        super()._start_asgi_task(cycle, app)

    # The parts of a request, as the parser finds them.

    def on_message_begin(self) -> None:
        self._receiving = self._in_head = self._in_fields = True
        self._head_bytes = self._unparsed_bytes = 0
        self._messages += 1
        self._streamed, self._arrived = False, 0
        super().on_message_begin()
        self._scope()["extensions"] = {"streamed": partial(self._stream, self._messages)}

    def _scope(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.scope)

    def _stream(self, message: int) -> None:
        """An extension of ASGI for who takes a large body piece by piece: it may take its time, as long as something
        comes, and what was taken counts no more."""
        if self._receiving and message == self._messages:
            self._streamed = True

    def on_url(self, url: bytes) -> None:
        self._count(len(url), 414)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + FIELD_COST, 431)
        if self._in_head:  # a trailer is no header: nobody may set Host or If-Match after the body (RFC 9110, 6.5.1)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = self._in_fields = False
        if fault := fault_of(self.parser.get_http_version(), self.parser.get_method(), self.headers):
            self.refusal = fault
            raise Refused
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        self._in_fields, self._unparsed_bytes = True, 0

    def on_body(self, body: bytes) -> None:
        self._in_fields = False
        self._arrived += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._receiving = self._in_fields = False
        self._unwatch()
        super().on_message_complete()

    def _count(self, size: int, refusal: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            self.refusal = refusal
            raise Refused

    def _should_upgrade(self) -> bool:
        """Keeps uvicorn from answering a request for another protocol; `_ignore_upgrade` gets it."""
        return True

    def _ignore_upgrade(self) -> None:
        """Read the request again as one that asks for nothing but HTTP/1.1 (RFC 9110, 7.8).

        The parser ends a message at its request to upgrade, and a body (Java's client sends both) would be lost.
        """
        version = self.parser.get_http_version().encode()
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/", version, b"\r\n"]
        for name, value in self.headers:
            if name not in (b"upgrade", b"connection", b"http2-settings"):
                head += [name, b": ", value, b"\r\n"]
            if name == b"connection" and b"close" in value.lower():
                head += [b"connection: close\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self._parse(memoryview(b"".join([*head, b"\r\n"])))

    # Time.

    def _watch(self, seconds: float) -> None:
        self._deadline = self.loop.call_later(seconds, self._expired)

    def _unwatch(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        if self._answering():
            self._watch(self.receive_timeout)
        elif self._receiving and not self._comes_on():
            self._refuse(self._late)
        elif self._receiving:
            self._watch(self.receive_timeout)
        else:
            self.transport.close()

    def _comes_on(self) -> bool:
        """Whether enough has come of a body that is taken piece by piece, or waits for us to take it."""
        enough = self._arrived >= IMPORT_RATE * self.receive_timeout or self.flow.read_paused
        self._arrived = 0
        return self._streamed and self._late == _TOO_LATE and enough

    def pause_writing(self) -> None:
        """More waits to be sent than the transport holds: the client must go on reading."""
        super().pause_writing()
        self._stall = self.loop.call_later(self.receive_timeout, self._let_go, self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        if self._stall:
            self._stall.cancel()
        super().resume_writing()

    def _let_go(self, before: int) -> None:
        now = self.transport.get_write_buffer_size()
        if now >= before:
            self.transport.abort()
        else:
            self._stall = self.loop.call_later(self.receive_timeout, self._let_go, now)

    # Refusing and closing.

    def shutdown(self) -> None:
        """The server stops: what arrives must have arrived by half of the time it gives."""
        super().shutdown()
        self._late = 503
        if self._receiving and self._deadline:
            self._unwatch()
            self._watch((self.config.timeout_graceful_shutdown or 0) / 2)

    def on_response_complete(self) -> None:
        if self.cycle.scope["client"] is not self.client:  # uvicorn has believed the proxy that named another
            self.timeout_keep_alive = self.proxy_keep_alive
        super().on_response_complete()
        if self._receiving:  # uvicorn would close it as idle
            self._unset_keepalive_if_required()

    def _give_up(self) -> None:
        self._stop_listening()
        if self._answering():
            self.cycle.keep_alive = False
        else:
            self._refuse(self.refusal, self.reason)

    def _refuse(self, status: int, reason: str = "") -> None:
        self._stop_listening()
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_bytes(status, self.refused(status, reason or _REFUSALS[status])))
        if cycle is not None:  # whoever waits for the rest of the body learns that it never comes
            cycle.disconnected, cycle.body = True, bytearray()
            cycle.message_event.set()
        self.transport.close()

    def close(self, transport: asyncio.Transport) -> None:
        """Close; while a client still sends, only our side, and read on: a reset would destroy the answer under way."""
        sending = self._receiving or self._deaf or self.flow.read_paused
        if not sending or not transport.can_write_eof():
            transport.close()
        elif not self._closing:
            self._closing = True
            self._forget()
            transport.write_eof()
            self.flow.resume_reading()
            self.loop.call_later(LINGER, transport.close)


def limited(**attributes: Any) -> type[Protocol]:
    """The protocol with these attributes: times in seconds, and what all connections share."""
    return type("LimitedProtocol", (Protocol,), attributes)


def _bytes(status: int, response: Response) -> bytes:
    head = b"".join(b"%s: %s\r\n" % field for field in response.raw_headers)
    return STATUS_LINE[status] + head + b"\r\n" + bytes(response.body)
