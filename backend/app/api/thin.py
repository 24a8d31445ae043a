"""FastAPI documents, Starlette runs: an app and routes without what neither of ours uses.

FastAPI's own way (dependencies, exit stacks, validation, layers for files, telemetry and errors) costs more than the
query of a small answer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import chain, count
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from app.resource.resource import RESERVED

Endpoint = Callable[[Request], Awaitable[Response]]


class ThinApp(FastAPI):
    """Nothing around the routes but `front`.

    `document` is what /openapi.json answers, made once, when first asked.
    """

    def __init__(
        self, *, front: Callable[[ASGIApp], ASGIApp], document: Callable[[FastAPI], dict[str, Any]], **named: Any
    ) -> None:
        self._front, self._document = front, document
        super().__init__(**named)

    def openapi(self) -> dict[str, Any]:
        self.openapi_schema = self.openapi_schema or self._document(self)
        return self.openapi_schema

    def build_middleware_stack(self) -> ASGIApp:
        return self._front(_ByPath(self.router))


def named(name: str, says: str) -> dict[str, Any]:
    """What a route is called: its operation, in clients that are made from the description, and a sentence."""
    return {"name": name, "operation_id": name, "summary": says}


def told_apart(routes: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    """The routes, each with a name of its own. Two collections' may come to the same, or to one of the server's, which
    keeps it. Clients that are made from the description have a file of each, so case alone is no difference."""
    described = [route for route in routes if isinstance(route, ThinRoute) and route.include_in_schema]
    taken: set[str] = set()
    for route in sorted(described, key=lambda one: _first(one.path) not in RESERVED):
        named = chain((route.operation_id,), (f"{route.operation_id}{number}" for number in count(2)))
        route.operation_id = next(name for name in named if name and name.lower() not in taken)
        taken.add(route.operation_id.lower())
    return routes


def add(routes: APIRouter, at: str, answer: Endpoint, called: dict[str, Any], shown: Any, *, told: bool = True) -> None:
    """An operation `at` a method and a path, `called` as `named` says and described as `shown`, if it is `told`."""
    method, _, path = at.partition(" ")
    routes.add_api_route(path, answer, methods=[method], openapi_extra=shown, include_in_schema=told, **called)


class ThinRoute(APIRoute):
    """`endpoint(request) -> Response`; faults go to the app's handlers. What it takes is `described` by OpenAPI's
    Operation Object without its names, given as `openapi_extra`: FastAPI would mix that with its own guesses."""

    def __init__(self, *arguments: Any, openapi_extra: Mapping[str, Any] | None = None, **named: Any) -> None:
        self.described = openapi_extra
        super().__init__(*arguments, **named)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = Route.matches(self, scope)
        return match, {**found, "route": self} if found else found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            return await super().handle(scope, receive, send)
        endpoint: Endpoint = self.endpoint
        response = await endpoint(Request(scope, receive, send))
        return await response(scope, receive, send)


class _ByPath:
    """Our routes, each found by its method, the first segment of its path, and one match of it, however many resources
    there are. FastAPI's router has its own, and says why there is none."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._routes: dict[tuple[str, str], list[ThinRoute]] = {}
        for route in (one for one in router.routes if isinstance(one, ThinRoute)):
            for method in route.methods or ():
                self._routes.setdefault((method, _first(route.path)), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._found(scope) if scope["type"] == "http" else self._router
        await app(scope, receive, send)

    def _found(self, scope: Scope) -> ASGIApp:
        path = get_route_path(scope)  # Starlette's own, as its router and `access` have it: all must mean one path
        for route in self._routes.get((scope["method"], _first(path)), ()):
            if match := route.path_regex.match(path):
                scope["route"], scope["path_params"] = route, match.groupdict()
                return route.handle
        return self._router


def _first(path: str) -> str:
    """The first segment; none of our routes has a parameter there."""
    return path[1:].partition("/")[0]
