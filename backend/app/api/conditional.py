"""What HTTP lets a client save: the body it already has (RFC 9110, 13: entity tags, 304), and bytes by gzip (8.4.1)."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

# Personal data must not lie in a disk cache; a client that keeps an ETag itself still saves the bytes.
CACHE_CONTROL = "no-store, no-cache"
GZIP_FROM = 1024  # bytes; json-server 0.17 compresses from here too
_GZIP = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[^,]*)?(?=,|$)", re.IGNORECASE)


def if_match(request: Request) -> Sequence[str] | None:
    """The strong tags of If-Match; None when it is absent or `*` (the write itself finds out whether there is a row).

    Our own tag is taken with `W/` before it too: a proxy that compresses weakens tags.
    """
    tags = _tags(request, b"if-match")
    return None if not tags or "*" in tags else [tag.removeprefix("W/") for tag in tags]


def answer(request: Request, body: bytes, tag: str, headers: Mapping[str, str] | None = None) -> Response:
    """200 with the body, or 304 without when If-None-Match names its tag (weak comparison, RFC 9110, 13.1.2)."""
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL, **(headers or {})}
    tags = _tags(request, b"if-none-match")
    if tags and ("*" in tags or tag.removeprefix("W/") in {known.removeprefix("W/") for known in tags}):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def streamed(parts: AsyncIterator[bytes], headers: Mapping[str, str]) -> Response:
    """200 with a body that nobody has whole, so without an entity tag."""
    return StreamingResponse(parts, 200, {"Cache-Control": CACHE_CONTROL, **headers}, "application/json")


async def begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """All of them; the first is awaited before the answer begins, so that its fault is the answer."""
    first = await anext(pieces)

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_them()


async def compressed(request: Request, response: Response) -> Response:
    """The response gzipped if it is large and the request takes gzip. In a thread: a large list takes a while."""
    if len(response.body) >= GZIP_FROM:
        response.headers["Vary"] = "Accept-Encoding"
        if _GZIP.search(request.headers.get("accept-encoding", "")):
            response.body = await asyncio.to_thread(gzip.compress, bytes(response.body), 1, mtime=0)
            response.headers.update({"Content-Encoding": "gzip", "Content-Length": str(len(response.body))})
    return response


def _tags(request: Request, name: bytes) -> list[str]:
    sent = (value.decode("latin-1") for key, value in request.scope["headers"] if key == name)
    return [tag.strip() for value in sent for tag in value.split(",") if tag.strip()]
