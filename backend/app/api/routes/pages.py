"""/-static: the style and the scripts of the pages, from this server alone."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import pages
from app.api.conditional import compressed
from app.api.thin import ThinRoute
from app.errors import NotFound

router = APIRouter(prefix="/-static", route_class=ThinRoute, include_in_schema=False)

_TYPES = {"css": "text/css", "js": "text/javascript"}


@router.get("/{version}/{file}")
async def static(request: Request) -> Response:
    """A file; its address changes with its content, so it is asked for once."""
    asked, file = request.path_params["version"], request.path_params["file"]
    if asked != pages.version() or file not in pages.files():
        raise NotFound
    headers = {"Cache-Control": "max-age=31536000, immutable"}
    answer = Response(pages.files()[file], 200, headers, _TYPES[file.rpartition(".")[2]])
    return await compressed(request, answer)
