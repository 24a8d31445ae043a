"""The path that routes go by: as sent, still percent-encoded, without doubled or trailing slashes.

json-server answers `/doctors/` and `//doctors` like `/doctors`; `%2F` is part of an id, never a separator.
"""

import re
from urllib.parse import quote_from_bytes

from starlette.types import Scope

_CANONICAL = re.compile(rb"(/[A-Za-z0-9._~%-]+)+")


def canonical(raw: bytes) -> str:
    """The path in ASCII, still percent-encoded, without empty segments."""
    if _CANONICAL.fullmatch(raw):
        return raw.decode("ascii")
    path = quote_from_bytes(raw, safe="/%:@!$&'()*+,;=~-._")
    return "/" + "/".join(segment for segment in path.split("/") if segment)


def enter(scope: Scope, base: str) -> bool:
    """Have what follows know the base (BASE_PATH) from `root_path` (ASGI, HTTP Connection Scope).

    False for an address that is not below it; health checks are answered there too.
    """
    inside = f"{scope['path']}/".startswith(f"{base}/")
    if inside and base:
        scope["root_path"] = base
        scope["path"] += "/" if scope["path"] == base else ""
    return inside or f"{scope['path']}/".startswith("/health/")
