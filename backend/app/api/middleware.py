"""Pure ASGI layers around the routes (`layers`, outermost first): log, CORS, last resort, path, access, HEAD, size.

Each request passes all of them, so they read and write headers as the raw bytes ASGI has.
"""

import asyncio
import logging
import re
import time
from collections.abc import Iterable, Sequence
from itertools import count
from secrets import token_hex
from urllib.parse import quote_from_bytes

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import rehearsal
from app.api.metrics import Metrics
from app.api.problems import problem
from app.config import Settings
from app.errors import BadRequest, PayloadTooLarge, Problem
from app.logs import places
from app.origins import is_wild, pattern

log = logging.getLogger("app.requests")
faults = logging.getLogger("app.faults")

METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
EXPOSED = ("X-Total-Count", "Link", "Location", "ETag", "Retry-After", "X-Request-ID", "Allow", "WWW-Authenticate")

# What OWASP's REST cheat sheet asks of a JSON API. A page that needs more than `default-src 'none'` sets its own.
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


def layers(settings: Settings, metrics: Metrics | None, access: Sequence[Middleware]) -> list[Middleware]:
    """Outermost first; CORS before all that can refuse, so that browsers may read refusals too. Access before all that
    tells or holds up, behind the path that routes go by: no spelling of an address slips past."""
    cors = Middleware(
        Cors,
        allow_origins=[origin for origin in settings.allowed_origins if not is_wild(origin)],
        allow_origin_regex=pattern(settings.allowed_origins),
        allow_methods=METHODS,
        allow_headers=["*"],
        expose_headers=EXPOSED,
        max_age=600,
    )
    size = Middleware(DeclaredLength, limit=settings.max_body_bytes)
    requests = Middleware(Requests, metrics=metrics, tells_query=settings.environment == "development")
    path = Middleware(CanonicalPath, base=settings.base_path or "")
    outer = [requests, cors, Middleware(LastResort), path]
    return [*outer, *access, *rehearsal.layers(settings), Middleware(HeadAsGet), size]


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of a request header, by its lower-case name."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for key, value in headers:
        if key == name:
            return value
    return None


class Requests:
    """Gives each request an id, each answer its headers, the log one line: method, route, status, milliseconds.

    The path and the query stay out of the log: either may hold what a person typed. In development the query stands
    behind the route, as in json-server's log: it is what one looks for there.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics | None, tells_query: bool) -> None:
        self.app, self.metrics, self.tells_query = app, metrics, tells_query
        self.process, self.numbers = token_hex(4), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begin, status, request_id = time.perf_counter(), 0, self._id(header(scope, b"x-request-id"))
        scope["request_id"] = request_id.decode()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id)]
                message["headers"] = headers + _missing(headers)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            seconds, route = time.perf_counter() - begin, getattr(scope.get("route"), "path", "-")
            actor = getattr(scope.get("actor"), "name", "")
            if self.metrics:
                self.metrics.count(scope["method"], route, status, seconds, actor)
            log_request(scope["method"], route + self._query(scope), status, seconds, request_id.decode(), actor=actor)

    def _query(self, scope: Scope) -> str:
        query = scope["query_string"] if self.tells_query else b""
        return f"?{quote_from_bytes(query, _AS_SENT)}" if query else ""

    def _id(self, sent: bytes | None) -> bytes:
        return sent if sent and _HARMLESS.fullmatch(sent) else f"{self.process}-{next(self.numbers)}".encode()


_AS_SENT = "/?:@!$&'()*+,;=%[]{}|\"<>^`"  # what else a client sends is no character to write on a terminal
_HARMLESS = re.compile(rb"[A-Za-z0-9_-]{1,64}")


def _missing(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    present = {name for name, _ in headers}
    return [pair for pair in SECURITY_HEADERS if pair[0] not in present]


_LINE = "%(method)s %(route)s %(status)d %(ms).1f ms %(request_id)s"
_RECORD = vars(logging.LogRecord(log.name, logging.INFO, "", 0, _LINE, None, None))


def log_request(method: str, route: str, status: int, seconds: float, request_id: str, *, actor: str = "") -> None:
    """The one line a request gets, whoever answered it; with who asked, where somebody is known."""
    if not log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "request_id": request_id,
        **({"actor": actor} if actor else {}),
    }
    # What `log.info` would do in the end; its way there takes longer than all the rest, and each request pays it.
    record, now = object.__new__(logging.LogRecord), time.time()
    own = {"created": now, "msecs": now % 1 * 1000, "msg": f"{_LINE} %(actor)s" if actor else _LINE}
    record.__dict__ |= {**_RECORD, **own, "args": fields, "fields": fields}
    log.handle(record)


_VARY = (b"vary", b"Origin")


class Cors(CORSMiddleware):
    """Starlette's CORS, with json-server's preflight: always 204. Who has no origin only learns that others may.

    A browser goes by the permission in the headers; an error status would tell a developer less than its absence.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or header(scope, b"origin") is not None:
            return await super().__call__(scope, receive, send)

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), _VARY]
            await send(message)

        await self.app(scope, receive, send if self.allow_all_origins else send_varying)

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        headers = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
        return Response(status_code=204, headers=headers)


class LastResort:
    """An exception nobody expected becomes a 500 without a word; the log gets its type and place, never its text."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except (ClientDisconnect, asyncio.CancelledError):  # nobody waits for an answer
            return
        except Exception as error:  # of any kind: uvicorn would write its text to the log, and a text may name a person
            faults.error("unexpected %s", places(error))
            if started:
                return  # the server cuts the connection: half an answer must not look like a whole one
            await problem(Problem.status, Problem.detail)(scope, receive, send)


class CanonicalPath:
    """Routes on the path as sent, still percent-encoded, without doubled or trailing slashes.

    json-server answers `/doctors/` and `//doctors` like `/doctors`; `%2F` is part of an id, never a separator.
    What is served stands below `base` (BASE_PATH), where there is one; health checks are answered without it too.
    """

    def __init__(self, app: ASGIApp, base: str) -> None:
        self.app, self.base = app, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = canonical(scope["raw_path"])
            if self.base and not self._enter(scope) and not f"{scope['path']}/".startswith("/health/"):
                return await problem(404, f"Everything here stands below {self.base}/.")(scope, receive, send)
        await self.app(scope, receive, send)

    def _enter(self, scope: Scope) -> bool:
        """Have what follows know the base from `root_path` (ASGI, HTTP Connection Scope)."""
        inside = f"{scope['path']}/".startswith(f"{self.base}/")
        if inside:
            scope["root_path"] = self.base
            scope["path"] += "/" if scope["path"] == self.base else ""
        return inside


def canonical(raw: bytes) -> str:
    """The path in ASCII, still percent-encoded, without empty segments."""
    if _CANONICAL.fullmatch(raw):
        return raw.decode("ascii")
    path = quote_from_bytes(raw, safe="/%:@!$&'()*+,;=~-._")
    return "/" + "/".join(segment for segment in path.split("/") if segment)


_CANONICAL = re.compile(rb"(/[A-Za-z0-9._~%-]+)+")


class HeadAsGet:
    """HEAD is GET without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self.app(scope, receive, send)

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # A copy: the server must still know that it answers a HEAD.
        inner = {**scope, "method": "GET", "bodiless": True}
        await self.app(inner, receive, send_head)
        scope["route"] = inner.get("route")


class DeclaredLength:
    """Refuses a body by its Content-Length before a byte of it is read, on every method."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = header(scope, b"content-length") if scope["type"] == "http" else None
        if length is None or (length.isdigit() and int(length) <= self.limit):
            return await self.app(scope, receive, send)
        refused = PayloadTooLarge(self.limit) if length.isdigit() else BadRequest("Content-Length is not a number.")
        await problem(refused.status, refused.detail, headers=refused.headers)(scope, receive, send)
