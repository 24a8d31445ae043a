"""/health: whether patients can be served, asked of the database itself; /health/live: whether the process answers."""

import datetime as dt
import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app import __version__
from app.api.thin import ThinRoute
from app.database import Database

router = APIRouter(prefix="/health", tags=["health"], route_class=ThinRoute)


@router.get("")
async def health(request: Request) -> Response:
    """200 while the database answers, 503 in the same shape when it does not; within 2 seconds either way."""
    database: Database = request.app.state.database
    fault = await database.fault()
    return _report(200 if fault is None else 503, "ok" if fault is None else "unavailable", fault)


@router.get("/live")
async def live(_: Request) -> Response:
    """200 while the process answers, whatever the database does."""
    return _report(200, None, None)


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
