"""One of the two servers, as a client sees it: a request ends in an answer, or is refused, or in doubt.

Reads have their connections, which are kept; each write has one of its own: so one whose connection could not be made
has certainly not happened, and no write goes out on a connection that the other end has just closed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Self

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
)
from multidict import CIMultiDict
from yarl import URL

from app.cutover.exchanges import Answer, Request
from app.cutover.replies import Doubtful, Refused, Reply, word
from app.cutover.stages import SideName
from app.limits import RELAYED_BYTES

SAFE = ("GET", "HEAD", "OPTIONS")
_KEPT = 3.0  # seconds that an idle connection is reused; Node closes it after five
_CONNECT = 2.0  # seconds until a connection is there
_STILL = 0.2  # seconds that a loop which runs is never late
_LATE = 60.0  # seconds that a write may take which nobody waits for any more
_LINE = 128 * 1024  # bytes of a header; a `Link` repeats an address three times
_NOBODYS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # which aiohttp would add


class Side:
    """As a context its connections are open. `timeout`: seconds until an answer begins, and between its pieces; of a
    write, until it is here.

    `safe_head`: whether HEAD only reads there; else it is asked as a GET.
    """

    late: set["asyncio.Task[Reply]"]
    """Writes that nobody waits for any more, and that may still happen."""

    def __init__(self, name: SideName, url: str, timeout: float, *, safe_head: bool = True) -> None:
        self.name, self.url = name, url.rstrip("/")
        self._head = "HEAD" if safe_head else "GET"
        self._patience, self.late = timeout, set()
        self._reading: ClientSession
        self._writing: ClientSession

    async def __aenter__(self) -> Self:
        self._reading = self._session(TCPConnector(limit=0, keepalive_timeout=_KEPT))
        self._writing = self._session(TCPConnector(limit=0, force_close=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reading.close()
        await self._writing.close()

    async def ask(self, request: Request, patience: float | None = None) -> Answer:
        """The whole answer, whatever its size. Raises `Refused` and `Doubtful`."""
        reply = await self.send(request, patience=patience)
        await reply.complete()
        return reply.answer()

    async def send(
        self, request: Request, rest: AsyncIterator[bytes] | None = None, patience: float | None = None
    ) -> Reply:
        """The answer with the first `RELAYED_BYTES` of its body. `rest` is what of the request's body still comes.

        A read is sent once more where a kept connection turns out to be closed; a write never. Raises `Refused` and
        `Doubtful`.
        """
        seconds = self._patience if patience is None else min(patience, self._patience)
        if request.method in SAFE or rest:
            return await self._reply(request, rest, seconds, seconds)
        return await self._in_time(asyncio.create_task(self._reply(request, None, seconds, _LATE)), seconds)

    async def _in_time(self, write: "asyncio.Task[Reply]", seconds: float) -> Reply:
        """A connection that is closed keeps nobody from doing what came over it: it is kept until that is known."""
        write.add_done_callback(self._ended)
        began = time.monotonic()
        done, _ = await asyncio.wait([write], timeout=seconds)
        if not done and _stood_still(began, seconds):
            done, _ = await asyncio.wait([write], timeout=seconds)
        if not done:
            self.late.add(write)
            raise Doubtful("TimeoutError")
        return write.result()

    def _ended(self, write: "asyncio.Task[Reply]") -> None:
        """Its exception counts as seen: nobody may be there any more to hear of it."""
        self.late.discard(write)
        _ = write.cancelled() or write.exception()

    async def _reply(
        self, request: Request, rest: AsyncIterator[bytes] | None, seconds: float, silence: float
    ) -> Reply:
        began = time.monotonic()
        with _ends():
            response = await self._connected(request, rest, _timeout(seconds, silence))
            body = await _beginning(response)
        headers = [(name.lower(), value) for name, value in response.raw_headers]
        more = None if response.content.at_eof() else _rest(response, seconds)
        return Reply(response.status, headers, body, more, time.monotonic() - began)

    async def _connected(
        self, request: Request, rest: AsyncIterator[bytes] | None, bounds: ClientTimeout
    ) -> ClientResponse:
        began = time.monotonic()
        try:
            return await self._sent(request, rest, bounds)
        except ConnectionTimeoutError:
            if _stood_still(began, bounds.sock_connect or 0):
                return await self._sent(request, rest, bounds)
            raise

    async def _sent(self, request: Request, rest: AsyncIterator[bytes] | None, bounds: ClientTimeout) -> ClientResponse:
        session = self._reading if request.method in SAFE else self._writing
        query = f"?{request.query}" if request.query else ""
        return await session.request(
            self._head if request.method == "HEAD" else request.method,
            URL(f"{self.url}{request.path}{query}", encoded=True),
            headers=CIMultiDict(request.headers),
            data=_chained(request.body, rest) if rest else request.body or None,
            allow_redirects=False,
            timeout=bounds,
            middlewares=() if request.method in SAFE else (_once,),
        )

    def _session(self, connector: TCPConnector) -> ClientSession:
        return ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NOBODYS,
            max_line_size=_LINE,
            max_field_size=_LINE,
            read_bufsize=RELAYED_BYTES,
        )


def _timeout(seconds: float, silence: float) -> ClientTimeout:
    """That there is no connection is known before `seconds` are over: then nothing has happened."""
    return ClientTimeout(total=None, sock_connect=min(0.9 * seconds, _CONNECT), sock_read=silence)


def _stood_still(since: float, seconds: float) -> bool:
    """Whether this process has, longer than `seconds`: what came meanwhile is there, and is not read yet."""
    return time.monotonic() - since > seconds + _STILL


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Keeps aiohttp from sending a PUT or DELETE again, which it does for what is idempotent."""
    try:
        return await send(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise Doubtful(word(error)) from error


@contextmanager
def _ends() -> Iterator[None]:
    try:
        yield
    except (ClientConnectorError, ConnectionTimeoutError) as error:
        raise Refused(word(error)) from error
    except (ClientError, TimeoutError) as error:
        raise Doubtful(word(error)) from error


async def _beginning(response: ClientResponse) -> bytes:
    pieces, size = [], 0
    while size < RELAYED_BYTES and (piece := await response.content.readany()):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


async def _rest(response: ClientResponse, silence: float) -> AsyncIterator[bytes]:
    async with response:
        while piece := await _piece(response, silence):
            yield piece


async def _piece(response: ClientResponse, silence: float) -> bytes:
    with _ends():
        async with asyncio.timeout(silence):
            return await response.content.readany()


async def _chained(body: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield body
    async for piece in rest:
        yield piece
