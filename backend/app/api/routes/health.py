"""/health: whether records can be served, asked of the database itself; /health/live: whether the process answers."""

import datetime as dt
import json
from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app import __version__
from app.api import operations
from app.api.thin import ThinRoute, named
from app.database import Database
from app.outages import Outage
from app.resource.resource import Resource


def router(database: Database, resources: Sequence[Resource]) -> APIRouter:
    routes = APIRouter(prefix="/health", tags=["health"], route_class=ThinRoute)
    read = f"200 while {' and '.join(one.path for one in resources)} can be read"
    more = f"{read}, 503 in the same shape while they cannot; within 2 seconds either way."
    asked, alive = named("checkHealth", "Ask whether records can be served."), "Ask whether the process answers."

    @routes.get("", **asked, description=more, openapi_extra=operations.health(resources))
    async def health(_: Request) -> Response:
        outage = await database.outage()
        state = state_of(outage)
        return _report(503 if state == "unavailable" else 200, state, outage and outage.detail)

    @routes.get("/live", **named("checkLiveness", alive), openapi_extra=operations.live())
    async def live(_: Request) -> Response:
        """200 while the process answers, whatever the database does."""
        return _report(200, None, None)

    return routes


def state_of(outage: Outage | None) -> str:
    """The database in one word, as /health and / say it."""
    return "ok" if outage is None else "read-only" if outage.reads else "unavailable"


def _report(status: int, database: str | None, detail: str | None) -> Response:
    report = {
        "status": "ok" if status == 200 else "unavailable",
        "database": database,
        "detail": detail,
        "version": __version__,
        "timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    body = json.dumps({name: value for name, value in report.items() if value is not None})
    headers = {"Cache-Control": "no-store"} | ({} if status == 200 else {"Retry-After": "1"})
    return Response(body, status, headers, "application/json")
