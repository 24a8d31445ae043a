"""uvicorn with our protocol, our logging and our end: asked to stop, it finishes what is under way and returns."""

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from app.config import Settings
from app.limits import KEEP_ALIVE, PROXY_KEEP_ALIVE, SHARED_REQUESTS
from app.server.door import Door
from app.server.pace import Load
from app.server.protocol import Refusal, limited

_STILL_COMING = 0.3  # seconds
_DESCRIPTORS = 10_240  # OPEN_MAX, the most that macOS grants; it refuses "infinity" (setrlimit(2) there)
_OTHER_FILES = 48  # of a process beside its clients and its pool: standard streams, listeners, the loop, a page's files
_UNDER_WAY = 10_000  # objects of requests, some fifty each: whoever looks for garbage among fewer finds none


def serve(
    app: ASGIApp,
    settings: Settings,
    listeners: Sequence[socket.socket],
    announce: Callable[[], None],
    refused: Refusal,
    *,
    shared: bool = False,
) -> None:
    """Serve until SIGINT or SIGTERM, then return. `announce` is called once requests are answered; `refused` makes the
    answer to a request that the application never sees. `shared`: others accept from these listeners too.

    Requests under way get `SHUTDOWN_TIMEOUT` seconds. FORWARDED_ALLOW_IPS names the proxies whose X-Forwarded-* count.
    """
    _allow_descriptors()
    door = Door(_most_connections(settings))
    protocol = limited(
        receive_timeout=settings.receive_timeout,
        proxy_keep_alive=settings.keep_alive or PROXY_KEEP_ALIVE,
        most_requests=SHARED_REQUESTS if shared else 0,
        refused=staticmethod(refused),
        load=Load(settings.max_bodies_bytes),
        door=door,
    )
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_keep_alive(settings),
        server_header=False,
        workers=1,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )
    server = _Server(config, door, announce, shared)
    for number in HANDLED_SIGNALS:  # uvicorn gives them back at the end to who had them: a late one must raise nothing
        signal.signal(number, server.handle_exit)
    server.run(sockets=list(listeners))


def _allow_descriptors() -> None:
    """Let many connect at once: systems start a process with 1024 descriptors, or 256, and let it ask for more.

    A system that refuses has set a limit of its own, and we serve within that.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors(soft, hard), hard))


def descriptors(soft: int, hard: int) -> int:
    """How many to ask for: 10,240, if the hard limit has so many, and never fewer than there are already."""
    bounded = [limit for limit in (hard, _DESCRIPTORS) if limit != resource.RLIM_INFINITY]
    return soft if soft == resource.RLIM_INFINITY else max(soft, min(bounded))


def _keep_alive(settings: Settings) -> int:
    """KEEP_ALIVE in seconds. A proxy reuses what it has kept: closing that first makes a request of it a 502."""
    proxied = bool(os.environ.get("FORWARDED_ALLOW_IPS"))
    return settings.keep_alive or (PROXY_KEEP_ALIVE if proxied else KEEP_ALIVE)


def _most_connections(settings: Settings) -> int:
    """MAX_CONNECTIONS, or as many as the system grants files for: at the last one no request could be served."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = settings.max_connections if files == resource.RLIM_INFINITY else files - settings.db_pool_size - _OTHER_FILES
    return max(1, min(settings.max_connections, room))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, door: Door, announce: Callable[[], None], shared: bool) -> None:
        super().__init__(config)
        self._door, self._announce, self._shared = door, announce, shared

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self.servers = [cast(asyncio.Server, self._door)]
        await self._door.open(sockets or [], self._protocol)
        gc.freeze()  # what is imported stays; no collection, and so no request, need wait for it to be looked at
        gc.set_threshold(_UNDER_WAY)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what was sent before the signal, then stop: uvicorn closes connections it has not read from yet. What
        would go on for ever is ended first, by who answers it (`stopping` of ASGI's lifespan state). Who has connected
        by then is served; where others accept from the same listeners they have the next ones at once."""
        self._door.closing = True
        if self._shared:
            self._door.close()
        self.lifespan.state.get("stopping", _nothing)()
        await asyncio.sleep(_STILL_COMING)
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn would leave the application's end to the loop's, which breaks it off
            await self.lifespan.shutdown()

    def _protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 uvicorn's signature
        """Stop; at a second Ctrl-C at once. uvicorn would raise the signal again at the end: exit code -15, not 0."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
            logging.getLogger("uvicorn.error").disabled = True  # who breaks requests off need not read where
        self.should_exit = True


def _nothing() -> None:
    pass
