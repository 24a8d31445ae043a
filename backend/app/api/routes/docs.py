"""/docs: Swagger UI over /openapi.json. Its files come from this server, so it works where no CDN is reachable."""

from importlib import resources
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

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
    folder = Path(str(resources.files("fastapi_offline"))) / "static"
    return FileResponse(folder / file, media_type=_FILES[file], headers={"Cache-Control": "max-age=3600"})
