"""A resource's addresses: HTTP in, HTTP out. What each means is json-server's."""

import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, unquote_to_bytes

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional
from app.api.access import actor_of
from app.api.body import NOTHING, Bodies
from app.api.operations import Operations
from app.api.thin import ThinRoute, add, named
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


class _Answers:
    """What each address of a resource answers."""

    def __init__(self, service: RecordService, settings: Settings, turns: Turns) -> None:
        self._service, self._resource, self._dialect = service, service.resource, settings.json_server_dialect
        self._path = service.resource.address
        self._below = f"{settings.base_path or ''}{self._path}"
        self._sent = Bodies(service.resource, settings.max_body_bytes, turns)

    async def listed(self, request: Request, address: str, owner: Owner | None) -> Response:
        listing = await self._service.find(request.scope["query_string"], self._dialect, owner)
        headers = listing.headers(lambda: str(request.base_url).rstrip("/") + address)
        request.scope["hint"] = listing.hint
        if listing.parts:
            return conditional.streamed(listing.parts, headers)
        return await conditional.compressed(request, conditional.answer(request, listing.body, listing.tag, headers))

    async def find(self, request: Request) -> Response:
        return await self.listed(request, self._path, None)

    async def created(self, request: Request, filled: Mapping[str, str]) -> Response:
        new, by = await self._sent.records(request, self._resource.create, filled), signature(request)
        if isinstance(new, list):
            return _row(b"[%b]" % b",".join(await self._service.create_all(new, by)), 201, tagged=False)
        key, row = await self._service.create(new, by)
        return _row(row, 201, {"Location": f"{self._below}/{quote(key, safe='')}"})

    async def create(self, request: Request) -> Response:
        return await self.created(request, NOTHING)

    async def get(self, request: Request) -> Response:
        query_string = request.scope["query_string"]
        if embeds(query_string):
            body = await self._service.embedding(self._key(request), query_string, self._dialect)
            return await conditional.compressed(request, conditional.answer(request, body, weak_tag(body)))
        row = await self._service.get(self._key(request))
        return conditional.answer(request, row, etag(row))

    async def replace(self, request: Request) -> Response:
        record, versions = await self._sent.record(request, self._resource.body), conditional.if_match(request)
        return _row(await self._service.replace(self._key(request), record, signature(request), versions))

    async def patch(self, request: Request) -> Response:
        record, versions = await self._sent.record(request, self._resource.patch), conditional.if_match(request)
        return _row(await self._service.patch(self._key(request), record, signature(request), versions))

    async def delete(self, request: Request) -> Response:
        query_string, versions = request.scope["query_string"], conditional.if_match(request)
        row = await self._service.delete(self._key(request), signature(request), query_string, self._dialect, versions)
        return _row(row, tagged=False)

    def _key(self, request: Request) -> str:
        return self._service.key(segment(request.path_params["id"]))


def router(service: RecordService, settings: Settings, turns: Turns) -> APIRouter:
    """GET and POST of `/<path>`, and of `/<parents>/<id>/<path>`; GET, PUT, PATCH and DELETE of `/<path>/<id>`."""
    resource, answers = service.resource, _Answers(service, settings, turns)
    path, a_noun, one = resource.address, resource.a_noun, resource.title
    described = Operations(resource, service.relations)
    routes = APIRouter(tags=[resource.path], route_class=ThinRoute)

    says = f"List the {resource.path}: all of them, or those the query asks for."
    add(routes, f"GET {path}", answers.find, named(f"list{resource.titles}", says), described.find())
    says = f"Add {a_noun} at the end of the list. (An array adds all that are in it, or none, and is answered by one.)"
    add(routes, f"POST {path}", answers.create, named(f"create{one}", says), described.create())
    item = f"{path}/{{id}}"
    add(routes, f"GET {item}", answers.get, named(f"get{one}", f"Read {a_noun}."), described.get())
    says = f"Replace {a_noun} whole; the id stays."
    add(routes, f"PUT {item}", answers.replace, named(f"replace{one}", says), described.replace())
    says = f"Change only those fields of {a_noun} that are sent."
    add(routes, f"PATCH {item}", answers.patch, named(f"update{one}", says), described.patch())
    says = f"Delete {a_noun}; the answer has it as it was."
    add(routes, f"DELETE {item}", answers.delete, named(f"delete{one}", says), described.delete())
    for relation in service.relations.parents(resource):
        _nest(routes, relation, answers.listed, answers.created, described)
    return routes


def _nest(routes: APIRouter, relation: Relation, listed: _Listed, created: _Created, described: Operations) -> None:
    """`/<parents>/<id>/<children>`: the list and its POST, with the key as json-server 0.17 fills it."""
    child, parent = relation.child, relation.parent

    async def find_own(request: Request) -> Response:
        sent = request.path_params["id"]
        return await listed(request, f"{parent.address}/{sent}{child.address}", Owner(relation.key, segment(sent)))

    async def create_own(request: Request) -> Response:
        return await created(request, {relation.key: segment(request.path_params["id"])})

    path, told = f"{parent.address}/{{id}}{child.address}", relation.declared
    says = f"List the {child.path} of {parent.a_noun}, or those of them the query asks for."
    name, shown = f"list{child.titles}Of{parent.title}", described.find_own(parent) if told else None
    add(routes, f"GET {path}", find_own, named(name, says), shown, told=told)
    says = f"Add {child.a_noun} to {parent.a_noun}: {relation.key} is the id of the address."
    name, shown = f"create{child.title}Of{parent.title}", described.create_own(parent) if told else None
    add(routes, f"POST {path}", create_own, named(name, says), shown, told=told)


def signature(request: Request) -> Signature:
    """Who asks, and the id that the request has in the log."""
    actor = actor_of(request.scope)
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
