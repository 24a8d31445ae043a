"""/imports: a db.json is sent, and a job that can be asked about brings it in. Always 202: no proxy waits in vain."""

from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.api import body, importing
from app.api.conditional import CACHE_CONTROL, begun
from app.api.importing import IMPORTS
from app.api.routes.records import signature
from app.api.thin import ThinRoute, named
from app.config import Settings
from app.errors import Invalid
from app.imports.jobs import Asked, Imports, Told
from app.imports.rows import REJECTS, REPORT

_ASKED = ("dryRun", "allOrNothing")
_FLAGS = {"true": True, "false": False}
_AGAIN = {"Retry-After": "1"}


def router(imports: Imports, settings: Settings, paths: Sequence[str]) -> APIRouter:
    """POST and GET of `/imports`, GET and DELETE of `/imports/<id>`, GET of the files that one leaves."""
    routes = APIRouter(prefix=IMPORTS, tags=["imports"], route_class=ThinRoute)

    @routes.post(
        "",
        **named("startImport", "Import a db.json, or say what would become of each record."),
        openapi_extra=importing.begin(paths),
    )
    async def begin(request: Request) -> Response:
        """It may be sent again: what is there is unchanged."""
        body.demand_json(request)
        key, told = await imports.take(_asked(request), _streamed(request, settings.import_max_bytes))
        return _json(told, 202, {"Location": f"{settings.base_path or ''}{IMPORTS}/{key}", **_AGAIN})

    @routes.get("", **named("listImports", "List the latest imports."), openapi_extra=importing.latest())
    async def latest(_: Request) -> Response:
        """Newest first, without their reports."""
        return _json(Told(await imports.latest(), over=True))

    @routes.get(
        "/{id}", **named("getImport", "Get how far an import is, or what became of it."), openapi_extra=importing.get()
    )
    async def get(request: Request) -> Response:
        """Look again after `Retry-After` seconds, until it is over."""
        told = await imports.get(_key(request))
        return _json(told, 200, {} if told.over else _AGAIN)

    @routes.delete(
        "/{id}", **named("cancelImport", "Cancel an import that is under way."), openapi_extra=importing.cancel()
    )
    async def cancel(request: Request) -> Response:
        """Nothing is changed then, whichever server works on it."""
        return _json(await imports.cancel(_key(request)))

    def add(operation: str, name: str, says: str) -> None:
        async def left(request: Request) -> Response:
            return download(await begun(imports.file(_key(request), name)), f"{name}.json")

        shown = importing.file(says)
        routes.add_api_route(f"/{{id}}/{name}", left, methods=["GET"], **named(operation, says), openapi_extra=shown)

    add("getImportReport", REPORT, "Get the whole report of an import that is done.")
    add("getImportRejects", REJECTS, "Get the records that an import rejected, as a db.json to be mended and sent.")
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
    """Raises `Invalid`, for a misspelt `dryRun` too: it would import."""
    length, query = request.headers.get("content-length", ""), request.query_params
    size = int(length) if length.isdigit() else None
    if unknown := next((name for name in query if name not in _ASKED and not name.startswith("_")), None):
        raise Invalid({unknown: f"is not what an import can be asked for: {' or '.join(_ASKED)}"})
    dry_run, all_or_nothing = (_flag(query, name) for name in _ASKED)
    return Asked(signature(request).who, dry_run, all_or_nothing, size)


def _flag(query: QueryParams, name: str) -> bool:
    if len(sent := set(query.getlist(name) or ["false"])) > 1 or not sent <= _FLAGS.keys():
        raise Invalid({name: "must be true or false"})
    return _FLAGS[sent.pop()]


def _key(request: Request) -> str:
    key: str = request.path_params["id"]
    return key


def _json(told: Told, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(told.json, status, {"Cache-Control": CACHE_CONTROL, **(headers or {})}, "application/json")
