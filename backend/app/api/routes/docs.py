"""/docs: Swagger UI over /openapi.json. Its files come from this server, so it works where no CDN is reachable."""

from importlib import resources

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditional import compressed
from app.api.pages import page
from app.api.thin import ThinRoute
from app.errors import NotFound

PATH = "/docs"
router = APIRouter(prefix=PATH, route_class=ThinRoute, include_in_schema=False)

_FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_NEEDS = {"style-src": "'self'", "script-src": "'self'"}


@router.get("")
async def swagger_ui(request: Request) -> Response:
    """The API's addresses, to read and to try."""
    return page("docs", _NEEDS, title=request.app.title, root=request.scope.get("root_path", ""))


@router.get("/{file}")
async def swagger_ui_file(request: Request) -> Response:
    """Swagger UI's own style and script."""
    file = request.path_params["file"]
    if file not in _FILES:
        raise NotFound
    answer = Response(_content(file), headers={"Cache-Control": "max-age=3600"}, media_type=_FILES[file])
    return await compressed(request, answer)


def _content(file: str) -> bytes:
    return resources.files("fastapi_offline").joinpath("static", file).read_bytes()
