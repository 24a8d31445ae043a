"""FastAPI documents, Starlette runs: an app and routes without what neither of ours uses.

FastAPI's own way (dependencies, exit stacks, validation, layers for files, telemetry and errors) costs more than the
query of a small answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class ThinApp(FastAPI):
    """Only its own layers around the routes: `middleware.py` has the last resort, and limits bodies."""

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = ExceptionMiddleware(self.router, handlers=self.exception_handlers)
        for layer, arguments, options in reversed(self.user_middleware):
            app = layer(app, *arguments, **options)
        return app


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
