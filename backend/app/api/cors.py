"""Who may read an answer from another origin: Starlette's CORS as two questions, with json-server's preflight."""

import re
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.origins import is_wild, pattern

METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
_OF_LISTS = ("X-Total-Count", "Link", "X-Hint")
EXPOSED = (*_OF_LISTS, "Location", "ETag", "Retry-After", "X-Request-ID", "Allow", "WWW-Authenticate")

Pairs = Sequence[tuple[bytes, bytes]]
_VARY = (b"vary", b"Origin")
_OWN = re.compile(r"access-control-(?!allow-origin)")  # of a preflight alone; the rest `headers` has for it too


class Cors:
    """What these origins (ALLOWED_ORIGINS) may; `*`: everybody."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._rules = rules = CORSMiddleware(
            _nothing,
            allow_origins=[origin for origin in origins if not is_wild(origin)],
            allow_origin_regex=pattern(origins),
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=EXPOSED,
            max_age=600,
        )
        self._everybody: Pairs = [(k.lower().encode(), v.encode()) for k, v in rules.simple_headers.items()]
        self._without: Pairs = [] if rules.allow_all_origins else [_VARY]

    def headers(self, origin: bytes | None) -> Pairs:
        """Of an answer. Who has no origin only learns that others may."""
        if origin is None:
            return self._without
        if self._rules.allow_all_origins or not self._rules.is_allowed_origin(origin.decode("latin-1")):
            return [*self._everybody, _VARY]
        return [*self._everybody, (b"access-control-allow-origin", origin), _VARY]

    def preflight(self, scope: Scope) -> Response | None:
        """The answer to a preflight, always 204; None if the request is none.

        A browser goes by the permission in the headers; an error status would tell a developer less than its absence.
        """
        asked = Headers(scope=scope) if scope["method"] == "OPTIONS" else {}
        if "origin" not in asked or "access-control-request-method" not in asked:
            return None
        answer = self._rules.preflight_response(Headers(scope=scope))
        return Response(status_code=204, headers={k: v for k, v in answer.headers.items() if _OWN.match(k)})


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None: ...
