"""A resource's addresses: HTTP in, HTTP out. What each means is json-server's."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import quote, unquote_to_bytes

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional
from app.api.body import NOTHING, Bodies
from app.api.operations import Operations
from app.api.thin import ThinRoute
from app.config import Settings
from app.dialect.query import Owner, embeds
from app.dialect.relations import Relation
from app.errors import BadRequest
from app.resource.journal import ANONYMOUS
from app.services.record_service import RecordService
from app.services.signature import Signature
from app.services.versions import etag, weak_tag
from app.turns import Turns

_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")  # RFC 3986, 2.1; `unquote_to_bytes` lets it pass


_Listed = Callable[[Request, str, Owner | None], Awaitable[Response]]
_Created = Callable[[Request, Mapping[str, str]], Awaitable[Response]]


def router(service: RecordService, settings: Settings, turns: Turns) -> APIRouter:
    """GET and POST of `/<path>`, and of `/<parents>/<id>/<path>`; GET, PUT, PATCH and DELETE of `/<path>/<id>`."""
    resource, dialect = service.resource, settings.json_server_dialect
    path, noun, a_noun = f"/{resource.path}", resource.noun, resource.a_noun
    described = Operations(resource, service.relations)
    below = f"{settings.base_path or ''}{path}"
    sent = Bodies(resource, settings.max_body_bytes, turns)

    def key(request: Request) -> str:
        return service.key(segment(request.path_params["id"]))

    routes = APIRouter(tags=[resource.path], route_class=ThinRoute)

    async def listed(request: Request, address: str, owner: Owner | None) -> Response:
        listing = await service.find(request.scope["query_string"], dialect, owner)
        headers = listing.headers(lambda: str(request.base_url).rstrip("/") + address)
        if listing.parts:
            return conditional.streamed(listing.parts, headers)
        return await conditional.compressed(request, conditional.answer(request, listing.body, listing.tag, headers))

    async def find(request: Request) -> Response:
        return await listed(request, path, None)

    async def created(request: Request, filled: Mapping[str, str]) -> Response:
        new, by = await sent.records(request, resource.create, filled), signature(request)
        if isinstance(new, list):
            return _row(b"[%b]" % b",".join(await service.create_all(new, by)), 201, tagged=False)
        key, row = await service.create(new, by)
        return _row(row, 201, {"Location": f"{below}/{quote(key, safe='')}"})

    async def create(request: Request) -> Response:
        return await created(request, NOTHING)

    async def get(request: Request) -> Response:
        query_string = request.scope["query_string"]
        if embeds(query_string):
            body = await service.embedding(key(request), query_string, dialect)
            return await conditional.compressed(request, conditional.answer(request, body, weak_tag(body)))
        row = await service.get(key(request))
        return conditional.answer(request, row, etag(row))

    async def replace(request: Request) -> Response:
        record = await sent.record(request, resource.body)
        return _row(await service.replace(key(request), record, signature(request), conditional.if_match(request)))

    async def patch(request: Request) -> Response:
        record = await sent.record(request, resource.patch)
        return _row(await service.patch(key(request), record, signature(request), conditional.if_match(request)))

    async def delete(request: Request) -> Response:
        query_string, versions = request.scope["query_string"], conditional.if_match(request)
        row = await service.delete(key(request), signature(request), query_string, dialect, versions)
        return _row(b"{}" if dialect == "0.17" else row, tagged=False)

    add, item = routes.add_api_route, f"{path}/{{id}}"
    says = f"All {resource.path}, or those the query asks for."
    add(path, find, methods=["GET"], name=f"list_{resource.path}", description=says, openapi_extra=described.find())
    says = f"Add {a_noun} at the end of the list, or all of an array or none."
    add(path, create, methods=["POST"], name=f"create_{noun}", description=says, openapi_extra=described.create())
    says = f"One {noun}."
    add(item, get, methods=["GET"], name=f"get_{noun}", description=says, openapi_extra=described.get())
    says = f"Replace {a_noun} whole; the id of the address stays."
    add(item, replace, methods=["PUT"], name=f"replace_{noun}", description=says, openapi_extra=described.replace())
    says = "Change only the fields that are sent."
    add(item, patch, methods=["PATCH"], name=f"patch_{noun}", description=says, openapi_extra=described.patch())
    says = f"Delete {a_noun}; answers with it as it was."
    add(item, delete, methods=["DELETE"], name=f"delete_{noun}", description=says, openapi_extra=described.delete())
    for relation in service.relations.parents(resource):
        _nest(routes, relation, listed, created, described)
    return routes


def _nest(routes: APIRouter, relation: Relation, listed: _Listed, created: _Created, described: Operations) -> None:
    """`/<parents>/<id>/<children>`: the list and its POST, with the key as json-server 0.17 fills it."""
    child, parent = relation.child, relation.parent

    async def find_own(request: Request) -> Response:
        sent = request.path_params["id"]
        return await listed(request, f"/{parent.path}/{sent}/{child.path}", Owner(relation.key, segment(sent)))

    async def create_own(request: Request) -> Response:
        return await created(request, {relation.key: segment(request.path_params["id"])})

    add = partial(routes.add_api_route, f"/{parent.path}/{{id}}/{child.path}", include_in_schema=relation.declared)
    says = f"The {child.path} of one {parent.noun}, or those of them the query asks for."
    name, shown = f"list_{child.path}_of_{parent.noun}", described.find_own(parent) if relation.declared else None
    add(endpoint=find_own, methods=["GET"], name=name, description=says, openapi_extra=shown)
    says = f"Add {child.a_noun} to {parent.a_noun}: {relation.key} is the id of the address."
    name, shown = f"create_{child.noun}_of_{parent.noun}", described.create_own(parent) if relation.declared else None
    add(endpoint=create_own, methods=["POST"], name=name, description=says, openapi_extra=shown)


def signature(request: Request) -> Signature:
    """Who asks, and the id that the request has in the log."""
    actor = request.scope.get("actor")
    return Signature(actor.name if actor else ANONYMOUS, request.scope.get("request_id"))


def _row(row: bytes, status: int = 200, headers: dict[str, str] | None = None, *, tagged: bool = True) -> Response:
    version = {"ETag": etag(row)} if tagged else {}
    cache = {"Cache-Control": conditional.CACHE_CONTROL}
    return Response(row, status, {**cache, **version, **(headers or {})}, "application/json")


def segment(raw: str) -> str:
    """A segment of the path as text: percent-decoded alone, so that `%2F` belongs to it.

    Raises `BadRequest` for one that is not percent-encoded UTF-8.
    """
    sent = _BROKEN.sub("%FF", raw)  # a byte that UTF-8 does not have
    try:
        return unquote_to_bytes(sent).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The address is not percent-encoded UTF-8.") from None
