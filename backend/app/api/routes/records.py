"""A resource's addresses: HTTP in, HTTP out. What each means is json-server's."""

import re
from urllib.parse import quote, unquote_to_bytes

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional
from app.api.body import Bodies
from app.api.operations import Operations
from app.api.thin import ThinRoute
from app.config import Settings
from app.errors import BadRequest
from app.services.record_service import RecordService
from app.services.versions import etag
from app.turns import Turns

_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")  # RFC 3986, 2.1; `unquote_to_bytes` lets it pass


def router(service: RecordService, settings: Settings, turns: Turns) -> APIRouter:
    """GET and POST of `/<path>`; GET, PUT, PATCH and DELETE of `/<path>/<id>`."""
    resource, dialect = service.resource, settings.json_server_dialect
    path, noun, a_noun, described = f"/{resource.path}", resource.noun, resource.a_noun, Operations(resource)
    below = f"{settings.base_path or ''}{path}"
    sent = Bodies(resource, settings.max_body_bytes, turns)

    def key(request: Request) -> str:
        return service.key(_segment(request.path_params["id"]))

    routes = APIRouter(prefix=path, tags=[resource.path], route_class=ThinRoute)

    async def find(request: Request) -> Response:
        listing = await service.find(request.scope["query_string"], dialect)
        headers = listing.headers(lambda: str(request.base_url).rstrip("/") + path)
        if listing.parts:
            return conditional.streamed(listing.parts, headers)
        return await conditional.compressed(request, conditional.answer(request, listing.body, listing.tag, headers))

    async def create(request: Request) -> Response:
        new = await sent.records(request, resource.create)
        if isinstance(new, list):
            return _row(b"[%b]" % b",".join(await service.create_all(new)), 201, tagged=False)
        key, row = await service.create(new)
        return _row(row, 201, {"Location": f"{below}/{quote(key, safe='')}"})

    async def get(request: Request) -> Response:
        row = await service.get(key(request))
        return conditional.answer(request, row, etag(row))

    async def replace(request: Request) -> Response:
        record = await sent.record(request, resource.body)
        return _row(await service.replace(key(request), record, conditional.if_match(request)))

    async def patch(request: Request) -> Response:
        record = await sent.record(request, resource.patch)
        return _row(await service.patch(key(request), record, conditional.if_match(request)))

    async def delete(request: Request) -> Response:
        row = await service.delete(key(request), conditional.if_match(request))
        return _row(b"{}" if dialect == "0.17" else row, tagged=False)

    add = routes.add_api_route
    says = f"All {resource.path}, or those the query asks for."
    add("", find, methods=["GET"], name=f"list_{resource.path}", description=says, openapi_extra=described.find())
    says = f"Add {a_noun} at the end of the list, or all of an array or none."
    add("", create, methods=["POST"], name=f"create_{noun}", description=says, openapi_extra=described.create())
    says = f"One {noun}."
    add("/{id}", get, methods=["GET"], name=f"get_{noun}", description=says, openapi_extra=described.get())
    says = f"Replace {a_noun} whole; the id of the address stays."
    add("/{id}", replace, methods=["PUT"], name=f"replace_{noun}", description=says, openapi_extra=described.replace())
    says = "Change only the fields that are sent."
    add("/{id}", patch, methods=["PATCH"], name=f"patch_{noun}", description=says, openapi_extra=described.patch())
    says = f"Delete {a_noun}; answers with it as it was."
    add("/{id}", delete, methods=["DELETE"], name=f"delete_{noun}", description=says, openapi_extra=described.delete())
    return routes


def _row(row: bytes, status: int = 200, headers: dict[str, str] | None = None, *, tagged: bool = True) -> Response:
    version = {"ETag": etag(row)} if tagged else {}
    cache = {"Cache-Control": conditional.CACHE_CONTROL}
    return Response(row, status, {**cache, **version, **(headers or {})}, "application/json")


def _segment(raw: str) -> str:
    """A segment of the path as text: percent-decoded alone, so that `%2F` belongs to it."""
    sent = _BROKEN.sub("%FF", raw)  # a byte that UTF-8 does not have
    try:
        return unquote_to_bytes(sent).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The address is not percent-encoded UTF-8.") from None
