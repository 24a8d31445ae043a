"""What a connection writes to: gathers the pieces of an answer, and leaves closing to the protocol."""

import asyncio
from collections.abc import Callable
from typing import Any

_HELD_BYTES = 16 * 1024


class GentleTransport:
    """A transport, closed by `close_gently`. What one turn of the event loop writes leaves in one piece.

    uvicorn writes an answer's head and its body apart: two system calls, two packets, the client woken twice.
    """

    def __init__(self, transport: asyncio.Transport, close_gently: Callable[[asyncio.Transport], None]) -> None:
        self._transport, self._close_gently, self._closed = transport, close_gently, False
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)
        self._size += len(data)
        if self._size >= _HELD_BYTES:  # else the transport could not say when it has had enough
            self.flush()

    def flush(self) -> None:
        held, self._held, self._size = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.writelines(held)

    def close(self) -> None:
        self.flush()
        self._closed = True
        self._close_gently(self._transport)

    def is_closing(self) -> bool:
        return self._closed or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
