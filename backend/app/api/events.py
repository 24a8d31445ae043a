"""Server-sent events: how they stand on the wire (WHATWG HTML, 9.2)."""

import re

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

MEDIA_TYPE = "text/event-stream"
_LINE_END = re.compile(rb"\r\n|\r|\n")

# A proxy that gathers an answer would hold the events back.
HEADERS = {"X-Accel-Buffering": "no"}
_SOMETHING: Message = {"type": "http.response.body", "body": b":\n\n", "more_body": True}


class EventStream(StreamingResponse):
    """A stream that may have nothing to say for long, and finds out whether its client is there when the server asks.

    It asks with one more piece of the request's body, which has long come whole (`server/presence`).
    """

    media_type = MEDIA_TYPE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def tell(message: Message) -> None:
            nonlocal begun
            await send(message)
            begun = True

        async def hear() -> Message:
            message = await receive()
            if begun and message["type"] == "http.request":
                await send(_SOMETHING)
            return message

        await super().__call__(scope, hear, tell)


def begin(cursor: str, retry: float) -> bytes:
    """Where the stream begins, so that a client that has seen no event yet knows too, and when to come back."""
    return b"retry: %d\n%b" % (retry * 1000, heartbeat(cursor))


def event(cursor: str, data: bytes, name: str = "") -> bytes:
    """One event; without a name it is a `message`. Whatever line ends the data has, it comes out as it was but for
    them: each is read as a line feed."""
    named = b"event: %b\n" % name.encode() if name else b""
    lines = b"".join(b"data: %b\n" % line for line in _LINE_END.split(data))
    return b"id: %b\n%b%b\n" % (cursor.encode(), named, lines)


def heartbeat(cursor: str) -> bytes:
    """Says that the stream is alive, and how far it has come; no event."""
    return b":\nid: %b\n\n" % cursor.encode()
