"""One of the two servers, as a client sees it: a request ends in an answer, or is refused, or in doubt.

Reads have their connections, which are kept; each write has one of its own: so one whose connection could not be made
has certainly not happened, and no write goes out on a connection that the other end has just closed.
"""

import gzip
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from app.cutover.stages import SideName
from app.limits import RELAYED_BYTES

SAFE = ("GET", "HEAD", "OPTIONS")
_KEPT = 3.0  # seconds that an idle connection is reused; Node closes it after five
_CONNECT = 2.0  # seconds until a connection is there
_LINE = 128 * 1024  # bytes of a header; a `Link` repeats an address three times
_NOBODYS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # which aiohttp would add


class Lost(Exception):
    """There is no answer of this side; the text says why, in a word."""


class Refused(Lost):
    """No connection was made: nothing has happened there."""


class Doubtful(Lost):
    """The request was sent, or some of it, and no whole answer came: it may have happened."""


class Absent(Lost):
    """It has no such collection."""


@dataclass
class Reply:
    """An answer to be passed on as it came: of a large one `rest` is what of its body still comes."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    """Names in lower case."""
    body: bytes
    rest: AsyncIterator[bytes] | None
    seconds: float

    def header(self, name: str) -> str:
        """The first one's value; empty where it is absent."""
        wanted = name.encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), "")

    async def complete(self) -> None:
        """Have all of the body. Raises `Doubtful`."""
        if self.rest:
            self.body += b"".join([piece async for piece in self.rest])
            self.rest = None

    def answer(self) -> Answer:
        """Of one that came whole, not compressed any more. Raises `Doubtful` where that is not to be read."""
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in reversed(self.headers)}
        return Answer(self.status, headers, _plain(self.body, self.header("content-encoding")), self.seconds)


class Side:
    """As a context its connections are open. `timeout`: seconds until an answer begins, and between its pieces.

    `safe_head`: whether HEAD only reads there; else it is asked as a GET.
    """

    def __init__(self, name: SideName, url: str, timeout: float, *, safe_head: bool = True) -> None:
        self.name, self.url = name, url.rstrip("/")
        self._head = "HEAD" if safe_head else "GET"
        self._timeout = _timeout(timeout)
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
        began = time.monotonic()
        with _ends():
            response = await self._sent(request, rest, patience)
            body = await _beginning(response)
        headers = [(name.lower(), value) for name, value in response.raw_headers]
        ended = response.content.at_eof()
        return Reply(response.status, headers, body, None if ended else _rest(response), time.monotonic() - began)

    async def _sent(
        self, request: Request, rest: AsyncIterator[bytes] | None, patience: float | None
    ) -> ClientResponse:
        session = self._reading if request.method in SAFE else self._writing
        query = f"?{request.query}" if request.query else ""
        return await session.request(
            self._head if request.method == "HEAD" else request.method,
            URL(f"{self.url}{request.path}{query}", encoded=True),
            headers=CIMultiDict(request.headers),
            data=_chained(request.body, rest) if rest else request.body or None,
            allow_redirects=False,
            timeout=self._timeout if patience is None else _timeout(patience),
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


def _timeout(seconds: float) -> ClientTimeout:
    return ClientTimeout(total=None, sock_connect=min(seconds, _CONNECT), sock_read=seconds)


async def _once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Keeps aiohttp from sending a PUT or DELETE again, which it does for what is idempotent."""
    try:
        return await send(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise Doubtful(_word(error)) from error


@contextmanager
def _ends() -> Iterator[None]:
    try:
        yield
    except (ClientConnectorError, ConnectionTimeoutError) as error:
        raise Refused(_word(error)) from error
    except (ClientError, TimeoutError) as error:
        raise Doubtful(_word(error)) from error


def _word(error: Exception) -> str:
    """No text of an exception: it may hold what was sent."""
    return type(error).__name__


async def _beginning(response: ClientResponse) -> bytes:
    pieces, size = [], 0
    while size < RELAYED_BYTES and (piece := await response.content.readany()):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


async def _rest(response: ClientResponse) -> AsyncIterator[bytes]:
    async with response:
        with _ends():
            async for piece in response.content.iter_any():
                yield piece


async def _chained(body: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield body
    async for piece in rest:
        yield piece


def _plain(body: bytes, coding: str) -> bytes:
    try:
        return _CODINGS[coding.lower()](body)
    except (OSError, EOFError, zlib.error, KeyError) as error:
        raise Doubtful(_word(error)) from error


_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}
