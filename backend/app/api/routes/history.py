"""A record's history: what is on record of it, newest first. Its addresses are this server's own."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional
from app.api.body import NOTHING, json_object
from app.api.operations import Operations
from app.api.routes.records import segment, signature
from app.api.thin import ThinRoute, add, named
from app.dialect.relations import Relations
from app.errors import Invalid
from app.limits import RESTORING
from app.resource.record import printable
from app.resource.resource import Resource
from app.resource.shapes import integral
from app.services.history import History
from app.services.restoring import Restoring
from app.services.versions import etag

_DEFAULT, _MOST = 50, 500  # versions in one answer
_WHOLE = re.compile("[0-9]{1,18}", re.ASCII)  # within bigint
_NUMBERS = 10**18  # more than there are
_NONE = -1  # the number of no version


class _Answers:
    """What each address of a record's history answers."""

    def __init__(self, history: History, restoring: Restoring) -> None:
        self._history, self._restoring = history, restoring

    async def versions(self, request: Request) -> Response:
        limit, before = _number(request, "_limit", _DEFAULT), _number(request, "_before", None)
        return _json(await self._history.of(_key(request), min(limit or 0, _MOST), before))

    async def version(self, request: Request) -> Response:
        asked = request.path_params["version"]
        return _json(await self._history.version(_key(request), int(asked) if _WHOLE.fullmatch(asked) else _NONE))

    async def restore(self, request: Request) -> Response:
        """As that version has it, as a change of its own; one that was deleted is at its place in the list again."""
        wanted = _wanted(await json_object(request, RESTORING))
        restored = await self._restoring.restore(_key(request), wanted, signature(request))
        return _json(restored, {"ETag": etag(restored)})


def router(resource: Resource, relations: Relations, history: History, restoring: Restoring) -> APIRouter:
    """GET and POST of `/<path>/<id>/history`, GET of `/<path>/<id>/history/<version>`."""
    routes = APIRouter(prefix=resource.address, tags=[resource.path], route_class=ThinRoute)
    described, one, a_noun = Operations(resource, relations), resource.title, resource.a_noun
    answers, path = _Answers(history, restoring), "/{id}/history"
    says = f"Bring a version of {a_noun} back, also of one that was deleted."
    add(routes, f"POST {path}", answers.restore, named(f"restore{one}", says), described.restore())
    says = f"List every version of {a_noun}, newest first."
    add(routes, f"GET {path}", answers.versions, named(f"listHistoryOf{one}", says), described.versions())
    says = f"Read one version of {a_noun}."
    add(routes, f"GET {path}/{{version}}", answers.version, named(f"getVersionOf{one}", says), described.version())
    return routes


def _key(request: Request) -> str:
    return segment(request.path_params["id"]).replace("\0", "\ufffd")  # an id has no NUL


def _wanted(sent: Mapping[str, Any]) -> int:
    """The version that a body names. What else it asks for would not be done, so it is refused."""
    if unknown := [printable(name) for name in sent if name != "version"]:
        raise Invalid({unknown[0]: "is not what this can be asked for: version"})
    number = integral(sent.get("version"))
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < _NUMBERS:
        raise Invalid({"version": "must be the number of a version"})
    return number


def _number(request: Request, name: str, default: int | None) -> int | None:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _WHOLE.fullmatch(text):
        raise Invalid({name: "must be a whole number"})
    return int(text)


def _json(body: bytes, headers: Mapping[str, str] = NOTHING) -> Response:
    return Response(body, 200, {"Cache-Control": conditional.CACHE_CONTROL, **headers}, "application/json")
