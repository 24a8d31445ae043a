"""Between a connection and a side: what of a request goes on, and what of an answer comes back."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from app.cutover.exchanges import Request
from app.cutover.replies import Reply
from app.limits import RELAYED_BYTES

_OF_A_CONNECTION = frozenset(
    ("connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
_OURS = frozenset((*_OF_A_CONNECTION, "date"))  # uvicorn says when
_NAMING = (b"link", b"location")

Fields = Sequence[tuple[bytes, bytes]]


class Gone(Exception):
    """The client has, in the middle of its request."""


async def received(scope: Scope, receive: Receive) -> tuple[Request, AsyncIterator[bytes] | None]:
    """The request with the first `RELAYED_BYTES` of its body, and what of a larger one still comes. Raises `Gone`."""
    body, more = bytearray(), True
    while more and len(body) < RELAYED_BYTES:
        piece, more = await _piece(receive)
        body += piece
    headers = _sent_on(scope, whole=not more)
    request = Request(scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, bytes(body))
    return request, _rest(receive) if more else None


async def _rest(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        piece, more = await _piece(receive)
        yield piece


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    return message.get("body", b""), message.get("more_body", False)


def _sent_on(scope: Scope, *, whole: bool) -> dict[str, str]:
    """Of a whole body whoever sends it says the length."""
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        headers[name] = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{text}" if name in headers else text
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    dropped = _OF_A_CONNECTION | named | {"host"} | ({"content-length"} if whole else set())
    host = {"x-forwarded-host": headers["host"]} if "host" in headers else {}
    return host | {name: value for name, value in headers.items() if name not in dropped}


async def send_on(send: Send, reply: Reply, added: Fields, addresses: tuple[bytes, bytes]) -> None:
    """`addresses`: the side's own, and what stands for it here."""
    headers = [*_sent_back(reply, addresses), *added]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if reply.rest:
        await send({"type": "http.response.body", "body": reply.body, "more_body": True})
        async for piece in reply.rest:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
    else:
        await send({"type": "http.response.body", "body": reply.body})


def _sent_back(reply: Reply, addresses: tuple[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    named = {name.strip().lower() for name in reply.header("connection").split(",")}
    length = False
    for name, value in reply.headers:
        if name.decode("latin-1") not in _OURS | named:
            length = length or name == b"content-length"
            yield name, value.replace(*addresses) if name in _NAMING else value
    if reply.body and not length and reply.rest is None:
        yield b"content-length", str(len(reply.body)).encode()


async def send_problem(send: Send, status: int, sentence: str, added: Fields = ()) -> None:
    body = problem_body(status, sentence)
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode()), *added]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def problem_body(status: int, sentence: str) -> bytes:
    """As the new side words it: problem+json (RFC 9457), the sentence for people twice."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return json.dumps(said | {"message": sentence, "errors": {}}).encode()
