"""A route that FastAPI documents and that runs as plainly as Starlette can: a request in, a response out."""

from collections.abc import Awaitable, Callable

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class ThinRoute(APIRoute):
    """`endpoint(request) -> Response`. `openapi.py` documents parameters and bodies; faults go to the app's handlers.

    FastAPI's own handler (dependencies, two exit stacks, validation) costs more than the query of a small answer.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.methods and scope["method"] not in self.methods:
            return await super().handle(scope, receive, send)
        endpoint: Endpoint = self.endpoint
        response = await endpoint(Request(scope, receive, send))
        return await response(scope, receive, send)
