"""The one place where an error becomes a response. Nothing of the driver, of SQL or of a record gets into it."""

from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from app.api.problems import problem
from app.errors import NotFound, Problem

_HAS_NO = "This address takes {allow}, not {method}."


def answer_to(error: Exception, request: Request) -> Response:
    """500 without a word for what nobody expected."""
    if isinstance(error, HTTPException):
        return of_router(error, request)
    return of_problem(error if isinstance(error, Problem) else Problem())


def of_problem(error: Problem) -> Response:
    return problem(error.status, error.detail, errors=error.errors, headers=error.headers)


def of_router(error: HTTPException, request: Request) -> Response:
    """The router's own refusals: an unknown address, or a method the address does not have."""
    if error.status_code != 405:
        return problem(error.status_code, NotFound.detail if error.status_code == 404 else str(error.detail))
    allow = ", ".join(allowed_methods(request.app.routes, request))
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allow})
    return problem(405, _HAS_NO.format(allow=allow, method=request.method), headers={"Allow": allow})


def allowed_methods(routes: Sequence[BaseRoute], request: Request) -> list[str]:
    """Every method of every route at this path (RFC 9110, 10.2.1); Starlette names only those of the first."""
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in here for method in getattr(route, "methods", None) or ()}
    return sorted(methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))
