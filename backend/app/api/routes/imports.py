"""/imports: a db.json is sent, and a job that can be asked about brings it in. Always 202: no proxy waits in vain."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api import body, importing
from app.api.conditional import CACHE_CONTROL, begun
from app.api.importing import IMPORTS
from app.api.routes.records import signature
from app.api.thin import ThinRoute
from app.config import Settings
from app.errors import Invalid
from app.imports.jobs import Asked, Imports, Told
from app.imports.rows import REJECTS, REPORT

_FLAGS = {"true": True, "false": False}
_AGAIN = {"Retry-After": "1"}


def router(imports: Imports, settings: Settings) -> APIRouter:
    """POST and GET of `/imports`, GET and DELETE of `/imports/<id>`, GET of the files that one leaves."""
    routes = APIRouter(prefix=IMPORTS, tags=["imports"], route_class=ThinRoute)

    @routes.post("", name="begin_import", openapi_extra=importing.begin())
    async def begin(request: Request) -> Response:
        """Import a db.json, or say what would become of each record. It may be sent again."""
        body.demand_json(request)
        key, told = await imports.take(_asked(request), _streamed(request, settings.import_max_bytes))
        return _json(told, 202, {"Location": f"{settings.base_path or ''}{IMPORTS}/{key}", **_AGAIN})

    @routes.get("", name="list_imports", openapi_extra=importing.latest())
    async def latest(_: Request) -> Response:
        """The latest imports, newest first."""
        return _json(Told(await imports.latest(), over=True))

    @routes.get("/{id}", name="get_import", openapi_extra=importing.get())
    async def get(request: Request) -> Response:
        """How far an import is, or what became of it."""
        told = await imports.get(_key(request))
        return _json(told, 200, {} if told.over else _AGAIN)

    @routes.delete("/{id}", name="cancel_import", openapi_extra=importing.cancel())
    async def cancel(request: Request) -> Response:
        """Cancel an import that is under way: nothing is changed then."""
        return _json(await imports.cancel(_key(request)))

    def add(name: str, says: str) -> None:
        async def left(request: Request) -> Response:
            pieces = await begun(imports.file(_key(request), name))
            return download(pieces, f"{name}.json")

        shown = importing.file(says)
        path = f"/{{id}}/{name}"
        routes.add_api_route(
            path, left, methods=["GET"], name=f"get_import_{name}", description=says, openapi_extra=shown
        )

    add(REPORT, "The whole report of an import that is done.")
    add(REJECTS, "The rejected records of an import that is done, as a db.json: mend them, and import that.")
    return routes


def download(pieces: AsyncIterator[bytes], name: str) -> Response:
    """A JSON file that a browser saves under this name."""
    headers = {"Cache-Control": CACHE_CONTROL, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, 200, headers, "application/json")


async def _streamed(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes. From when it is asked for on it may take its time (`server/protocol`, an extension of
    ASGI). Raises `PayloadTooLarge`."""
    if declare := request.scope.get("extensions", {}).get("streamed"):
        declare()
    async for piece in body.limited(request, limit):
        yield piece


def _asked(request: Request) -> Asked:
    """Raises `Invalid`."""
    length, query = request.headers.get("content-length", ""), request.query_params
    size = int(length) if length.isdigit() else None
    return Asked(signature(request).who, _flag(query, "dryRun"), _flag(query, "allOrNothing"), size)


def _flag(query: QueryParams, name: str) -> bool:
    if (text := query.get(name, "false")) not in _FLAGS:
        raise Invalid({name: "must be true or false"})
    return _FLAGS[text]


def _key(request: Request) -> str:
    key: str = request.path_params["id"]
    return key


def _json(told: Told, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(told.json, status, {"Cache-Control": CACHE_CONTROL, **(headers or {})}, "application/json")
