"""Pure ASGI layers around the routes (`layers`, outermost first): log line, CORS, last resort, path, HEAD, size, gzip."""

import logging
import re
import secrets
import time
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem
from app.config import Settings
from app.errors import BadRequest, PayloadTooLarge, Problem

log = logging.getLogger("app.requests")
faults = logging.getLogger("app.faults")

METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
EXPOSED = ("X-Total-Count", "Link", "Location", "ETag", "Retry-After", "X-Request-ID", "Allow")
GZIP_FROM = 1024  # bytes; json-server 0.17 compresses from here too

# What OWASP's REST cheat sheet asks of a JSON API. A page that needs more than `default-src 'none'` sets its own.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def layers(settings: Settings) -> list[Middleware]:
    return [
        Middleware(Requests),
        Middleware(
            Cors,
            allow_origins=settings.allowed_origins,
            allow_methods=METHODS,
            allow_headers=["*"],
            expose_headers=EXPOSED,
            max_age=600,
        ),
        Middleware(LastResort),
        Middleware(CanonicalPath),
        Middleware(HeadAsGet),
        Middleware(DeclaredLength, limit=settings.max_body_bytes),
        Middleware(GZipMiddleware, minimum_size=GZIP_FROM, compresslevel=1),
    ]


class Requests:
    """Gives each request an id, each answer its security headers, the log one line: method, route, status, milliseconds.

    The path and the query stay out of the log: either may hold what a person typed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begin, method, status = time.perf_counter(), scope["method"], 0
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            ms = (time.perf_counter() - begin) * 1000
            fields = {"method": method, "route": route, "status": status, "ms": round(ms, 1), "request_id": request_id}
            log.info("%s %s %d %.1f ms %s", method, route, status, ms, request_id, extra={"fields": fields})


def _request_id(sent: str | None) -> str:
    return sent if sent and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", sent) else secrets.token_hex(8)


class Cors(CORSMiddleware):
    """Starlette's CORS, with json-server's preflight: always 204, and permission only where it is given.

    A browser goes by the headers; an error status would tell a developer less than the missing permission does.
    """

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
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            return
        except Exception as error:  # the one broad except of the house: the last line before the server's own
            faults.error("unexpected %s at %s", type(error).__name__, _place(error))
            if started:
                raise ConnectionAbortedError from None  # half an answer must not look like a whole one
            await problem(Problem.status, Problem.detail)(scope, receive, send)


def _place(error: BaseException) -> str:
    """file:line of the innermost frames. The message stays out: drivers and validators put values into theirs."""
    trace, places = error.__traceback__, []
    while trace:
        places.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(places[-6:]))


class CanonicalPath:
    """Routes on the path as sent, still percent-encoded, without doubled or trailing slashes.

    json-server answers `/patients/` and `//patients` like `/patients`; `%2F` is part of an id, never a separator.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw = quote(scope["raw_path"], safe="/%:@!$&'()*+,;=~-._")
            scope["path"] = "/" + "/".join(segment for segment in raw.split("/") if segment)
        await self.app(scope, receive, send)


class HeadAsGet:
    """HEAD is GET without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self.app(scope, receive, send)

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope["method"] = "GET"
        await self.app(scope, receive, send_head)


class DeclaredLength:
    """Refuses a body by its Content-Length before a byte of it is read, on every method."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        if not length.isdecimal():
            refused: Problem = BadRequest("Content-Length must be a number of bytes.")
        elif int(length) > self.limit:
            refused = PayloadTooLarge(self.limit)
        else:
            return await self.app(scope, receive, send)
        await problem(refused.status, refused.detail, headers=refused.headers)(scope, receive, send)
