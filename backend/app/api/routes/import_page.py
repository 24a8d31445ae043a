"""/-import: choose a file, see what would become of each record, import it. The page only asks `/imports`."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.pages import IMPORT, Site
from app.api.thin import ThinRoute

_VERDICTS: Mapping[str, str] = {
    "migrated": "written, or would be",
    "unchanged": "there already, with the same content",
    "rejected": "at least one field breaks a rule",
    "duplicate": "an earlier record of the file has its id, or another value that is unique",
    "conflict": "there is other content under one of these; it is left as it is",
}


def router(site: Site, most: int) -> APIRouter:
    """`GET /-import`, for files of at most so many bytes; none where nothing may be imported."""
    routes = APIRouter(route_class=ThinRoute, include_in_schema=False)
    if not site.imports:
        return routes

    @routes.get(IMPORT)
    async def page(request: Request) -> Response:
        return site.page(
            request,
            "import",
            may=site.may(request, "i", *site.resources),
            most=most,
            verdicts=_VERDICTS,
            base=str(request.base_url).rstrip("/"),
            bearer=' -H "Authorization: Bearer $API_KEY"' if site.asked else "",
        )

    return routes
