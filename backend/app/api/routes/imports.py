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
from app.api.thin import ThinRoute, add, named
from app.config import Settings
from app.errors import Invalid
from app.imports.jobs import Asked, Imports, Told
from app.imports.rows import REJECTS, REPORT

_ASKED = ("dryRun", "allOrNothing")
_FLAGS = {"true": True, "false": False}
_AGAIN = {"Retry-After": "1"}


class _Answers:
    """What each address of imports answers."""

    def __init__(self, imports: Imports, settings: Settings) -> None:
        self._imports, self._limit = imports, settings.import_max_bytes
        self._below = f"{settings.base_path or ''}{IMPORTS}"

    async def begin(self, request: Request) -> Response:
        """It may be sent again: what is there is unchanged."""
        body.demand_json(request)
        key, told = await self._imports.take(_asked(request), _streamed(request, self._limit))
        return _json(told, 202, {"Location": f"{self._below}/{key}", **_AGAIN})

    async def latest(self, _: Request) -> Response:
        """Newest first, without their reports."""
        return _json(Told(await self._imports.latest(), over=True))

    async def get(self, request: Request) -> Response:
        """Look again after `Retry-After` seconds, until it is over."""
        told = await self._imports.get(_key(request))
        return _json(told, 200, {} if told.over else _AGAIN)

    async def cancel(self, request: Request) -> Response:
        """Nothing is changed then, whichever server works on it."""
        return _json(await self._imports.cancel(_key(request)))

    async def report(self, request: Request) -> Response:
        return await self._file(request, REPORT)

    async def rejects(self, request: Request) -> Response:
        return await self._file(request, REJECTS)

    async def _file(self, request: Request, name: str) -> Response:
        return download(await begun(self._imports.file(_key(request), name)), f"{name}.json")


def router(imports: Imports, settings: Settings, paths: Sequence[str]) -> APIRouter:
    """POST and GET of `/imports`, GET and DELETE of `/imports/<id>`, GET of the files that one leaves."""
    answers = _Answers(imports, settings)
    routes = APIRouter(prefix=IMPORTS, tags=["imports"], route_class=ThinRoute)
    called = named("startImport", "Import a db.json, or say what would become of each record.")
    add(routes, "POST ", answers.begin, called, importing.begin(paths))
    add(routes, "GET ", answers.latest, named("listImports", "List the latest imports."), importing.latest())
    called = named("getImport", "Get how far an import is, or what became of it.")
    add(routes, "GET /{id}", answers.get, called, importing.get())
    called = named("cancelImport", "Cancel an import that is under way.")
    add(routes, "DELETE /{id}", answers.cancel, called, importing.cancel())
    says = "Get the whole report of an import that is done."
    add(routes, f"GET /{{id}}/{REPORT}", answers.report, named("getImportReport", says), importing.file(says))
    says = "Get the records that an import rejected, as a db.json to be mended and sent."
    add(routes, f"GET /{{id}}/{REJECTS}", answers.rejects, named("getImportRejects", says), importing.file(says))
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
