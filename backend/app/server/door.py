"""How many connections there may be at once: above that new ones wait where the kernel queues them, unaccepted."""

import asyncio
import socket
from collections.abc import Callable, Sequence

from app.server.listening import BACKLOG


class Door:
    """Accepts from its listeners while fewer than `most` connections are inside.

    A loop's server cannot pause. Each is made on a copy of its listener, and closing it closes the copy alone: the
    socket goes on listening. To uvicorn a door is a server.
    """

    def __init__(self, most: int) -> None:
        self._most, self._inside = most, 0
        self.closing = False  # no connection is kept any longer
        self._listeners: Sequence[socket.socket] = ()
        self._protocol: Callable[[], asyncio.Protocol] = asyncio.Protocol
        self._servers: list[asyncio.Server] = []
        self._opening: asyncio.Task[None] | None = None

    async def open(self, listeners: Sequence[socket.socket], protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listeners, self._protocol = listeners, protocol
        await self._open()

    def enter(self) -> None:
        """A connection was accepted."""
        self._inside += 1
        if self._inside >= self._most:
            self._shut()

    def leave(self) -> None:
        """A connection has ended."""
        self._inside -= 1
        if self._inside < self._most and not self._servers and self._listeners:
            self._opening = self._opening or asyncio.create_task(self._open())

    def close(self) -> None:
        """For good."""
        self._listeners = ()
        self._shut()

    async def wait_closed(self) -> None:
        """uvicorn waits for the connections itself."""

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            server = await loop.create_server(self._protocol, sock=listener.dup(), backlog=BACKLOG)
            self._servers.append(server)
        self._opening = None

    def _shut(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
