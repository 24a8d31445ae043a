"""/: what this server is, how its database is, and what to send it; a page for people, JSON for the rest."""

import json
import re
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional, examples, field_rules
from app.api.pages import page
from app.api.routes import docs, patients
from app.api.routes.health import state_of
from app.api.thin import ThinRoute
from app.database import Database
from app.errors import DatabaseUnavailable
from app.outages import Outage
from app.services.patient_service import PatientService

router = APIRouter(route_class=ThinRoute, include_in_schema=False)


@router.get("/")
async def home(request: Request) -> Response:
    """200 whatever the database does; the answer says how it is."""
    count, first, outage = await _state(request.app.state.database, request.app.state.patients)
    summary = _summary(request, count, outage)
    answer = _html(request, summary, first) if _wants_html(request.headers.get("accept", "")) else _json(summary)
    answer = await conditional.compressed(request, answer)
    answer.headers.add_vary_header("Accept")
    return answer


async def _state(database: Database, patients: PatientService) -> tuple[int | None, str | None, Outage | None]:
    """(number of patients, id of the first, outage). /health's own question comes first, and is answered within 2 s."""
    outage = await database.outage()
    if outage and not outage.reads:
        return None, None, outage
    try:
        return *await patients.overview(), outage
    except DatabaseUnavailable as error:
        return None, None, Outage(error.detail, error.detail)


def _summary(request: Request, count: int | None, outage: Outage | None) -> dict[str, Any]:
    base = _base(request)
    return {
        "name": request.app.title,
        "version": request.app.version,
        "database": state_of(outage),
        **({"detail": outage.detail} if outage else {}),
        "resources": [{"path": patients.PATH, "url": base + patients.PATH, "count": count}],
        "corsOrigins": request.app.state.settings.allowed_origins,
        "jsonServerDialect": request.app.state.settings.json_server_dialect,
        "links": {"docs": base + docs.PATH, "openapi": base + request.app.openapi_url, "health": f"{base}/health"},
    }


def _json(summary: dict[str, Any]) -> Response:
    return Response(json.dumps(summary, indent=2), 200, {"Cache-Control": "no-store"}, "application/json")


def _html(request: Request, summary: dict[str, Any], first: str | None) -> Response:
    base = _base(request)
    return page(
        "home",
        **summary,
        description=request.app.summary,
        dialects=request.app.state.settings.dialects,
        base=base,
        root=request.scope.get("root_path", ""),
        reads=examples.reads(patients.PATH, first),
        writes=examples.writes(base + patients.PATH),
        fields=field_rules.fields(),
    )


def _base(request: Request) -> str:
    """This server as the client addressed it; behind a proxy uvicorn puts in what X-Forwarded-Proto says."""
    return str(request.base_url).rstrip("/")


def _wants_html(accept: str) -> bool:
    """Whether text/html is named, and ranked no lower than JSON (RFC 9110, 12.5.1). `*/*` alone is no wish for HTML."""
    parts = (part.partition(";") for part in accept.lower().split(","))
    ranks = {media.strip(): _rank(parameters) for media, _, parameters in parts}
    return 0 < ranks.get("text/html", 0) >= ranks.get("application/json", 0)


def _rank(parameters: str) -> float:
    weight = re.search(r"\bq\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", parameters)
    return float(weight[1]) if weight else 1.0
