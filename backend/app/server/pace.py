"""One connection is read only as fast as it is answered, and all together hold no more than they may.

A client may send requests before it has read the answers (RFC 9112, 9.3.2). Parsed, they take sixty times the bytes
that came, so what comes is parsed in pieces, until a request waits behind another.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.limits import SMALL_BYTES

_PIECE = 4096  # bytes parsed at a time, with all requests that are in them
_REQUEST = 3072  # bytes that a parsed request takes beside its text
_NOTHING = memoryview(b"")
_FULL = "More bodies are on their way than this server has room for. Send the request again."


class Load:
    """Bytes kept of what came and is not answered yet, of all connections: above all bodies."""

    def __init__(self, limit: int) -> None:
        self.limit, self.bytes = limit, 0


class _Flow(FlowControl):
    """uvicorn's, which reads on after each answer; this one not while something that came still waits."""

    def __init__(self, transport: asyncio.Transport, behind: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._behind = behind

    def resume_reading(self) -> None:
        if not self._behind():
            super().resume_reading()


class Refused(Exception):
    """Stops the parser, which reports it as an error of its own. `PacedProtocol.refusal` says why."""


class PacedProtocol(HttpToolsProtocol, ABC):
    """Subclasses parse (`_parse`) and refuse (`_give_up`)."""

    load: Load

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal, self.reason = 400, ""
        self._unread = _NOTHING
        self._held = 0  # bytes of `load` that are this connection's
        self._head_bytes = 0
        self._in_fields = False  # of the head or behind the last chunk: the parser keeps each until it is whole
        self._deaf = False  # what still comes is not looked at
        self._streamed = False  # what comes of a body is not kept until all of it is here

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))  # what a server's connection has
        self.flow = _Flow(self.transport, self._behind)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hold(0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._unread = memoryview(b"".join((self._unread, data))) if self._unread else memoryview(data)
        self._read_on()
        if self._unread:
            self.flow.pause_reading()
        if (self._unread or self._in_fields) and not self._has_room(len(data)):
            self._give_up()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if not self._has_room(self._head_bytes + bool(self.pipeline) * _REQUEST):
            raise Refused

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        more = len(self.cycle.body) - self._held if self._streamed else len(body)
        if not self.cycle.response_complete and not self._has_room(more):
            raise Refused

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._read_on()
            self.flow.resume_reading()
        self._hold(len(self._unread) + len(self.pipeline) * _REQUEST)

    def _read_on(self) -> None:
        while self._unread and not self.pipeline:
            self._unset_keepalive_if_required()
            read = self._parse(self._unread[:_PIECE])
            self._unread = self._unread[read:]

    def _behind(self) -> bool:
        return bool(self._unread or self.pipeline)

    def _stop_listening(self) -> None:
        self._deaf, self._unread = True, _NOTHING

    def _forget(self) -> None:
        """Nothing that came will be answered any more."""
        self._stop_listening()
        self.pipeline.clear()
        self.parser = httptools.HttpRequestParser(self)  # the old one keeps the field it was in
        self._hold(0)

    def _hold(self, size: int) -> None:
        self.load.bytes += size - self._held
        self._held = size

    def _has_room(self, size: int) -> bool:
        """Take so many bytes more. Who holds little always may."""
        self._hold(self._held + size)
        if self._held <= SMALL_BYTES or self.load.bytes <= self.load.limit:
            return True
        self.refusal, self.reason = 503, _FULL
        return False

    @abstractmethod
    def _parse(self, data: memoryview) -> int:
        """Feed it to the parser. Returns how many bytes of it were read."""

    @abstractmethod
    def _give_up(self) -> None:
        """Refuse what comes, or if a request before it waits for its answer, end with that."""
