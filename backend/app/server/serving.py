"""uvicorn with our protocol, our logging and our end: asked to stop, it finishes what is under way and returns."""

import asyncio
import gc
import logging
import resource
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from app.api.middleware import permission
from app.config import Settings
from app.limits import KEEP_ALIVE
from app.server.protocol import limited

_STILL_COMING = 0.3  # seconds
_DESCRIPTORS = 10_240  # OPEN_MAX, the most that macOS grants; it refuses "infinity" (setrlimit(2) there)


def serve(app: ASGIApp, settings: Settings, listeners: Sequence[socket.socket], announce: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM, then return. `announce` is called once requests are answered.

    Requests under way get `SHUTDOWN_TIMEOUT` seconds. FORWARDED_ALLOW_IPS names the proxies whose X-Forwarded-* count.
    """
    config = uvicorn.Config(
        app,
        http=limited(settings.receive_timeout, permission(settings.allowed_origins)),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE,
        server_header=False,
        workers=1,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )
    _allow_descriptors()
    server = _Server(config, announce)
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


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.freeze()  # what is imported stays; no collection, and so no request, need wait for it to be looked at
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what was sent before the signal, then stop: uvicorn closes connections it has not read from yet."""
        await asyncio.sleep(_STILL_COMING)
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn would leave the application's end to the loop's, which breaks it off
            await self.lifespan.shutdown()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 uvicorn's signature
        """Stop; at a second Ctrl-C at once. uvicorn would raise the signal again at the end: exit code -15, not 0."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
            logging.getLogger("uvicorn.error").disabled = True  # who breaks requests off need not read where
        self.should_exit = True
