"""Who may come in: denied by default, before any byte of a body is read (RFC 6750).

`_ADDRESSES` says what each address and method takes. What is not there needs somebody who is known, and is not found.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from starlette._utils import get_route_path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.access.actor import EVERY, Actor
from app.access.credentials import Judge
from app.api.error_handlers import of_router
from app.api.problems import problem
from app.errors import Forbidden, MalformedCredentials, NotFound, Problem, Unauthorized
from app.resource.resource import Resource

# Beside the letters of `access.actor`: nobody is asked; who is known sees more; whoever is known.
FREE, GREETED, KNOWN = "free", "greeted", "known"

# `{of}` is the resource that the right must cover; where there is none, it must cover each.
_ADDRESSES: Sequence[tuple[str, Mapping[str, str]]] = (
    ("/{of}", {"GET": "s", "POST": "c"}),
    ("/{of}/{one}", {"GET": "r", "PUT": "u", "PATCH": "u", "DELETE": "d"}),
    ("/{of}/{one}/history", {"GET": "h", "POST": "cuh"}),
    ("/{of}/{one}/history/{one}", {"GET": "h"}),
    ("/{list}/{one}/{of}", {"GET": "s", "POST": "c"}),
    ("/db", {"GET": "s"}),
    ("/changes", {"GET": "s"}),
    ("/imports", {"GET": "i", "POST": "i"}),
    ("/imports/{one}", {"GET": "i", "DELETE": "i"}),
    ("/imports/{one}/report", {"GET": "i"}),
    ("/imports/{one}/rejects", {"GET": "i"}),
    ("/exports", {"GET": "s"}),
    ("/metrics", {"GET": KNOWN}),
    ("/login", {"POST": FREE}),
    ("/signin", {"POST": FREE}),
    ("/logout", {"POST": KNOWN}),
    ("/register", {"POST": FREE}),
    ("/signup", {"POST": FREE}),
    ("/", {"GET": GREETED}),
    ("/-about", {"GET": GREETED}),
    ("/-import", {"GET": GREETED}),
    ("/-/{of}", {"GET": GREETED}),
    ("/-/{of}/{one}", {"GET": GREETED}),
    ("/-static/{one}/{one}", {"GET": FREE}),
    ("/health", {"GET": FREE}),
    ("/health/live", {"GET": FREE}),
    ("/docs", {"GET": FREE}),
    ("/docs/{one}", {"GET": FREE}),
    ("/openapi.json", {"GET": FREE}),
)
_RELATED = re.compile(rb"_embed|_expand")  # records of other resources in the answer


class Need(NamedTuple):
    """What a request takes: a letter, or each of several, for each of these resources."""

    letter: str
    of: Sequence[Resource] = ()

    def met_by(self, actor: Actor) -> bool:
        return all(actor.may(letter, names(one)) for one in self.of for letter in self.letter)

    @property
    def scope(self) -> str:
        """As SMART App Launch 2.2 writes it."""
        return f"user/{self.of[0].title if len(self.of) == 1 else EVERY}.{self.letter}"


class Addresses:
    """What each address of these resources takes."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = {resource.address.removeprefix("/"): resource for resource in resources}
        self._every = tuple(resources)
        self._rows = [(_pattern(template, self._resources), methods) for template, methods in _ADDRESSES]

    def needs(self, method: str, path: str) -> Need | None:
        """None: the address does not take the method. Raises `NotFound` where there is no such address."""
        for pattern, methods in self._rows:
            if found := pattern.fullmatch(path):
                letter = methods.get("GET" if method == "HEAD" else method)
                return (letter and Need(letter, self._of(found))) or None
        raise NotFound

    def asks(self, method: str, path: str) -> bool:
        """Whether one must be known."""
        need = self.needs(method, path)
        return need is None or need.letter != FREE

    def related(self, need: Need, query: bytes) -> Need:
        """With what else the query asks for."""
        return Need("s", self._every) if need.letter in "rs" and _RELATED.search(unquote_to_bytes(query)) else need

    def _of(self, found: re.Match[str]) -> Sequence[Resource]:
        return (self._resources[found["of"]],) if "of" in found.groupdict() else self._every


def _pattern(template: str, paths: Collection[str]) -> re.Pattern[str]:
    ours = "|".join(map(re.escape, paths))
    parts = {"{of}": f"(?P<of>{ours})", "{list}": f"(?:{ours})", "{one}": "[^/]+"}
    return re.compile(re.sub(r"\{\w+\}|[.]", lambda part: parts.get(part[0], re.escape(part[0])), template))


class Access:
    """Lets in who may, as `actor` of the scope. Everybody else has the answer that RFC 6750 asks for."""

    def __init__(self, resources: Sequence[Resource], judge: Judge) -> None:
        self.judge, self.addresses = judge, Addresses(resources)
        self.realm = f'Bearer realm="{" ".join(resource.address.removeprefix("/") for resource in resources)}"'

    async def refusal(self, scope: Scope) -> Response | None:
        """None for who may do it."""
        if scope["method"] == "OPTIONS":
            return None
        try:
            return await self._refusal(scope)
        except Problem as error:
            return problem(error.status, error.detail, headers={**error.headers, **self._challenge(error)})

    async def _refusal(self, scope: Scope) -> Response | None:
        """Who is not known learns nothing about an address, not even that there is none."""
        try:
            need = self.addresses.needs(scope["method"], get_route_path(scope))
        except NotFound:
            await self._known(scope)
            raise
        if need is None:
            await self._known(scope)
            return of_router(HTTPException(405), Request(scope))
        await self._admit(scope, need)
        return None

    async def _admit(self, scope: Scope, need: Need) -> None:
        if need.letter == GREETED:
            return await self._greet(scope)
        if need.letter != FREE:
            actor, need = await self._known(scope), self.addresses.related(need, scope["query_string"])
            if need.letter != KNOWN and not need.met_by(actor):
                raise Forbidden(actor.name, need.scope)

    async def _greet(self, scope: Scope) -> None:
        """Whoever it is; the page says whether the key is known."""
        try:
            await self._known(scope)
        except Problem:
            return

    async def _known(self, scope: Scope) -> Actor:
        scope["actor"] = actor = await self.judge(token_of(scope))
        return actor

    def _challenge(self, error: Problem) -> Mapping[str, str]:
        if error.challenge is None:
            return {}
        return {"WWW-Authenticate": ", ".join([self.realm, *(f'{k}="{v}"' for k, v in error.challenge.items())])}


def names(resource: Resource) -> tuple[str, str]:
    """What a right may call it."""
    return resource.path, resource.title


def actor_of(scope: Mapping[str, Any]) -> Actor | None:
    """Who asks; None where nobody is asked, or nobody has said so."""
    found: Actor | None = scope.get("actor")
    return found


def token_of(scope: Scope) -> str:
    """Raises `Unauthorized` where there is none, `MalformedCredentials` where there is no one."""
    sent = [value.strip(b" \t") for name, value in scope["headers"] if name == b"authorization"]
    if len(sent) > 1:
        raise MalformedCredentials
    scheme, _, token = sent[0].partition(b" ") if sent else (b"", b"", b"")
    if scheme.lower() != b"bearer":
        raise Unauthorized
    if not _TOKEN.fullmatch(token := token.strip(b" ")):
        raise MalformedCredentials
    return token.decode("ascii")


_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]+=*")  # b64token, RFC 6750, 2.1
