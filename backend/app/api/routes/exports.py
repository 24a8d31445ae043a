"""/exports: all that is served, as the db.json that json-server serves and `/imports` takes."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import importing
from app.api.conditional import begun
from app.api.routes.imports import download
from app.api.thin import ThinRoute, named
from app.imports.exports import Exports


def router(exports: Exports) -> APIRouter:
    """`GET /exports`."""
    routes = APIRouter(tags=["imports"], route_class=ThinRoute)
    says = named("exportAll", "Get every record of every resource as a db.json.")

    @routes.get("/exports", **says, openapi_extra=importing.export())
    async def export(_: Request) -> Response:
        """As all were at one moment, in list order. The way back to json-server, and a backup."""
        return download(await begun(exports.pieces()), "db.json")

    return routes
