"""/: what this server is, how its database is, and what to send it; a page for people, JSON for the rest.

The page stands at `/-about`, too: where there is one resource, `/` is its table for people (`tables`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional, examples, field_rules
from app.api.access import actor_of
from app.api.pages import Site
from app.api.routes import docs
from app.api.routes.health import state_of
from app.api.thin import Endpoint, ThinRoute
from app.config import Settings
from app.database import Database
from app.errors import DatabaseUnavailable
from app.outages import Outage
from app.resource.resource import Resource
from app.services.record_service import RecordService


@dataclass(frozen=True)
class Contents:
    """What there is of a resource: how many records, and the id of the first; None where the database does not say."""

    resource: Resource
    count: int | None = None
    first: str | None = None


def router(
    services: Sequence[RecordService], database: Database, settings: Settings, site: Site, front: Endpoint | None
) -> APIRouter:
    """`GET /` and `/-about`. 200 whatever the database does; the answer says how it is. Who may not search a resource
    learns neither how many records it has nor an id. `front` is what people see at `/`, if it is another page."""
    answers = _Answers(services, database, settings, site)
    routes = APIRouter(route_class=ThinRoute, include_in_schema=False)

    @routes.get("/")
    async def home(request: Request) -> Response:
        html = wants_html(request.headers.get("accept", ""))
        answer = await (front or answers.about if html else answers.summary)(request)
        answer.status_code = 200 if answer.status_code == 503 else answer.status_code
        answer.headers.add_vary_header("Accept")
        return answer

    routes.add_api_route("/-about", answers.about)
    return routes


@dataclass(frozen=True)
class _Answers:
    """What this server is: for people, and as JSON."""

    services: Sequence[RecordService]
    database: Database
    settings: Settings
    site: Site

    async def about(self, request: Request) -> Response:
        contents, outage = await self._state(request)
        return await conditional.compressed(request, self._html(request, contents, outage))

    async def summary(self, request: Request) -> Response:
        return _json(self._summary(request, *await self._state(request)))

    async def _state(self, request: Request) -> tuple[list[Contents], Outage | None]:
        """What there is of those that are told, and the outage if there is one. /health's own question comes first, and
        is answered within 2 s."""
        told = [one for one in self.services if self.site.may(request, "s", one.resource)]
        unknown = [Contents(service.resource) for service in self.services]
        outage = await self.database.outage()
        if outage and not outage.reads:
            return unknown, outage
        try:
            known = {service.resource: Contents(service.resource, *await service.overview()) for service in told}
            return [known.get(one.resource, one) for one in unknown], outage
        except DatabaseUnavailable as error:
            return unknown, Outage(error.detail, error.detail)

    def _summary(self, request: Request, contents: Sequence[Contents], outage: Outage | None) -> dict[str, Any]:
        base, actor = _base(request), actor_of(request.scope)
        return {
            "name": request.app.title,
            "version": request.app.version,
            "database": state_of(outage),
            **({"detail": outage.detail} if outage else {}),
            "resources": [_address(base, one) for one in contents],
            "corsOrigins": self.settings.allowed_origins,
            "jsonServerDialect": self.settings.json_server_dialect,
            **({"actor": actor and actor.name} if self.settings.demanded else {}),
            "links": {"docs": base + docs.PATH, "openapi": base + request.app.openapi_url, "health": f"{base}/health"},
        }

    def _html(self, request: Request, contents: Sequence[Contents], outage: Outage | None) -> Response:
        base, summary = _base(request), self._summary(request, contents, outage)
        resources = [_address(base, one) | {"table": self.site.table(one.resource)} for one in contents]
        return self.site.page(
            request,
            "home",
            **summary | {"resources": resources},
            description=request.app.summary,
            dialects=self.settings.dialects,
            base=base,
            asked=self.site.asked,
            described=[_described(base, one) for one in contents],
        )


def _address(base: str, contents: Contents) -> dict[str, Any]:
    path = contents.resource.address
    return {"path": path, "url": base + path, "count": contents.count}


def _json(summary: dict[str, Any]) -> Response:
    return Response(json.dumps(summary, indent=2), 200, {"Cache-Control": "no-store"}, "application/json")


def _described(base: str, contents: Contents) -> dict[str, Any]:
    resource = contents.resource
    return {
        "path": resource.address,
        "reads": examples.reads(resource, contents.first),
        "writes": examples.writes(resource, base),
        "fields": field_rules.fields(resource),
    }


def _base(request: Request) -> str:
    """This server as the client addressed it; behind a proxy uvicorn puts in what X-Forwarded-Proto says."""
    return str(request.base_url).rstrip("/")


def wants_html(accept: str) -> bool:
    """Whether text/html is named, and ranked no lower than JSON (RFC 9110, 12.5.1). `*/*` alone is no wish for HTML."""
    parts = (part.partition(";") for part in accept.lower().split(","))
    ranks = {media.strip(): _rank(parameters) for media, _, parameters in parts}
    return 0 < ranks.get("text/html", 0) >= ranks.get("application/json", 0)


def _rank(parameters: str) -> float:
    weight = re.search(r"\bq\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", parameters)
    return float(weight[1]) if weight else 1.0
