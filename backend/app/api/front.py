"""The one way of every request, around its route: `Front`. It reads and writes headers as the raw bytes ASGI has."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from itertools import count
from secrets import token_hex

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.access import Access
from app.api.canonical import canonical, enter
from app.api.cors import Cors, Pairs
from app.api.error_handlers import answer_to, of_problem
from app.api.importing import IMPORTS
from app.api.metrics import Metrics
from app.api.problems import problem
from app.api.rehearsal import rehearsal
from app.api.request_log import log_request, told
from app.config import Settings
from app.errors import BadRequest, PayloadTooLarge, Problem
from app.logs import places

faults = logging.getLogger("app.faults")

# What OWASP's REST cheat sheet asks of a JSON API. A page that needs more than `default-src 'none'` sets its own.
SECURITY_HEADERS: Pairs = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_NO_NUMBER = "Content-Length is not a number."
_HARMLESS = re.compile(rb"[A-Za-z0-9_-]{1,64}")


class Front:
    """Gives each request its id, and its answer the headers of all; lets `_refusal` decide whether the route has it.

    The log gets one line a request: method, route, status, milliseconds. The path and the query stay out of it: either
    may hold what a person typed. In development the query stands behind the route, as in json-server's log: it is what
    one looks for there.
    """

    def __init__(self, routes: ASGIApp, settings: Settings, metrics: Metrics | None, access: Access | None) -> None:
        self._routes, self._metrics, self._access = routes, metrics, access
        self._base, self._limit = settings.base_path or "", settings.max_body_bytes
        self._larger = {IMPORTS: settings.import_max_bytes}
        self._cors, self._rehearsal = Cors(settings.allowed_origins), rehearsal(settings)
        self._tells_query = settings.environment == "development"
        self._process, self._numbers = token_hex(4), count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._routes(scope, receive, send)
        begin, sent = time.perf_counter(), dict(reversed(scope["headers"]))  # the first of several of one name
        scope["request_id"] = request_id = self._id(sent.get(b"x-request-id"))
        inner = _as_get(scope)
        own = [(b"x-request-id", request_id.encode()), *self._cors.headers(sent.get(b"origin"))]
        answer = _Answer(send, own, bodiless=inner is not scope)
        try:
            await (await self._refusal(inner, sent) or self._routes)(inner, receive, answer.send)
        except (ClientDisconnect, asyncio.CancelledError):  # nobody waits for an answer
            return None
        except Exception as error:  # of any kind: uvicorn would write its text to the log, and a text may name a person
            await self._failed(error, inner, receive, answer)
        finally:
            self._tell(inner, scope["method"], answer, time.perf_counter() - begin)

    async def _refusal(self, scope: Scope, sent: Mapping[bytes, bytes]) -> Response | None:
        """CORS before all that can refuse, so that browsers may read refusals too; access before all that tells or
        holds up, behind the path that routes go by: no spelling of an address slips past."""
        return (
            self._cors.preflight(scope)
            or self._astray(scope)
            or (self._access and await self._access.refusal(scope))
            or (self._rehearsal and await self._rehearsal.refusal(scope))
            or self._too_long(scope, sent.get(b"content-length"))
        )

    def _astray(self, scope: Scope) -> Response | None:
        scope["path"] = canonical(scope["raw_path"])
        if self._base and not enter(scope, self._base):
            return problem(404, f"Everything here stands below {self._base}/.")
        return None

    def _too_long(self, scope: Scope, length: bytes | None) -> Response | None:
        """Refuses a body by its Content-Length before a byte of it is read, on every method."""
        if length is None or (length.isdigit() and int(length) <= self._limit):
            return None
        if not length.isdigit():
            return of_problem(BadRequest(_NO_NUMBER))
        most = max(self._limit, self._larger.get(get_route_path(scope), 0))
        return of_problem(PayloadTooLarge(most)) if int(length) > most else None

    async def _failed(self, error: Exception, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """The answer, if none has begun; else the server cuts the connection: half of one must not look like a whole.

        Of what nobody expected the log gets type and place, never its text.
        """
        if answer.status or not isinstance(error, Problem | HTTPException):
            faults.error("unexpected %s", places(error))
        if not answer.status:
            await answer_to(error, Request(scope))(scope, receive, answer.send)

    def _tell(self, scope: Scope, method: str, answer: "_Answer", seconds: float) -> None:
        route, actor = getattr(scope.get("route"), "path", "-"), getattr(scope.get("actor"), "name", "")
        status, cut = answer.status, bool(answer.status) and not answer.whole
        if self._metrics:
            self._metrics.count(method, route, status, seconds, actor)
        query = told(scope["query_string"], scope.get("hint", "")) if self._tells_query else ""
        log_request(method, route + query, status, seconds, scope["request_id"], actor=actor, cut=cut)

    def _id(self, sent: bytes | None) -> str:
        return sent.decode() if sent and _HARMLESS.fullmatch(sent) else f"{self._process}-{next(self._numbers)}"


class _Answer:
    """An answer on its way out: completed by the headers that each has, without its body where it must have none."""

    def __init__(self, send: Send, own: Pairs, *, bodiless: bool) -> None:
        self.status, self.whole = 0, False  # not begun
        self._send, self._own, self._bodiless = send, own, bodiless

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message.get("headers", ())
            message["headers"] = [*headers, *self._own, *_missing(headers)]
        elif self._bodiless:
            message = {**message, "body": b""}
        await self._send(message)
        self.whole = message["type"] == "http.response.body" and not message.get("more_body")


def _missing(headers: Pairs) -> Pairs:
    present = {name for name, _ in headers}
    return [pair for pair in SECURITY_HEADERS if pair[0] not in present]


def _as_get(scope: Scope) -> Scope:
    """HEAD is GET without the body (RFC 9110, 9.3.2). A copy: the server must still know that it answers a HEAD."""
    return {**scope, "method": "GET", "bodiless": True} if scope["method"] == "HEAD" else scope
