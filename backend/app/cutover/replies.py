"""What comes of a request to a side: an answer, whole or as it comes, or none, and what is known of it then."""

import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from app.cutover.exchanges import Answer


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


def word(error: Exception) -> str:
    """No text of an exception: it may hold what was sent."""
    return type(error).__name__


def _plain(body: bytes, coding: str) -> bytes:
    try:
        return _CODINGS[coding.lower()](body)
    except (OSError, EOFError, zlib.error, KeyError) as error:
        raise Doubtful(word(error)) from error


_CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}
