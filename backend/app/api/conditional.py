"""Conditional requests (RFC 9110, 13): entity tags from headers, and the 304 that saves a body the client has."""

import hashlib
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

# Patient data must not lie in a disk cache; a client that keeps an ETag itself still saves the bytes.
CACHE_CONTROL = "no-store, no-cache"


def weak_tag(body: bytes) -> str:
    """A weak entity tag of a list (RFC 9110, 8.8.1): the same for the same JSON, whatever the transfer did to it."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'


def if_match(request: Request) -> Sequence[str] | None:
    """The strong tags of If-Match; None when it is absent or `*` (the write itself finds out whether there is a row).

    Our own tag is taken with `W/` before it too: a proxy that compresses weakens tags.
    """
    tags = _tags(request, "if-match")
    return None if not tags or "*" in tags else [tag.removeprefix("W/") for tag in tags]


def answer(request: Request, body: bytes, tag: str, headers: dict[str, str] | None = None) -> Response:
    """200 with the body, or 304 without when If-None-Match names its tag (weak comparison, RFC 9110, 13.1.2)."""
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL, **(headers or {})}
    tags = _tags(request, "if-none-match")
    if tags and ("*" in tags or tag.removeprefix("W/") in {known.removeprefix("W/") for known in tags}):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _tags(request: Request, name: str) -> list[str]:
    return [tag.strip() for value in request.headers.getlist(name) for tag in value.split(",") if tag.strip()]
