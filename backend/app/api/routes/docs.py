"""/docs: Swagger UI over /openapi.json. Its files come from this server, so it works where no CDN is reachable."""

from importlib import resources

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.conditional import compressed
from app.api.pages import page
from app.api.thin import ThinRoute
from app.config import Settings
from app.errors import NotFound

PATH = "/docs"

_FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_NEEDS = {"style-src": "'self'", "script-src": "'self'"}


def router(settings: Settings) -> APIRouter:
    """The page, and Swagger UI's own style and script."""
    routes = APIRouter(prefix=PATH, route_class=ThinRoute, include_in_schema=False)

    @routes.get("")
    async def swagger_ui(request: Request) -> Response:
        """The API's addresses, to read and to try."""
        root = request.scope.get("root_path", "")
        return page("docs", _NEEDS, title=request.app.title, root=root, home=settings.pages)

    routes.add_api_route("/{file}", _file, methods=["GET"])
    return routes


async def _file(request: Request) -> Response:
    file = request.path_params["file"]
    if file not in _FILES:
        raise NotFound
    answer = Response(_content(file), headers={"Cache-Control": "max-age=3600"}, media_type=_FILES[file])
    return await compressed(request, answer)


def _content(file: str) -> bytes:
    return resources.files("fastapi_offline").joinpath("static", file).read_bytes()
