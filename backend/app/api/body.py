"""A request's body as a checked record: media type, size, JSON, rules, in this order."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request

from app.errors import BadRequest, Invalid, PayloadTooLarge, UnsupportedMediaType
from app.limits import FAULTS
from app.resource.record import InvalidRecord, Record, check
from app.resource.resource import Resource
from app.resource.strict_json import InvalidJSON, loads
from app.turns import Turns

_SMALL = 4 * 1024  # bytes; such a body waits for no larger one


async def record(request: Request, resource: Resource, model: type[BaseModel], *, limit: int, turns: Turns) -> Record:
    """The body checked against `model`, a shape of the resource.

    Raises `UnsupportedMediaType`, `PayloadTooLarge` (over `limit` bytes), `BadRequest` (not a JSON object), `Invalid`.
    """
    _require_json(request.headers)
    raw = await _read(request, limit)
    if len(raw) <= _SMALL:
        return _checked(_json_object(raw), resource, model)
    body = await turns.take(partial(_json_object, raw))
    return await turns.take(partial(_checked, body, resource, model))


def _checked(body: dict[str, Any], resource: Resource, model: type[BaseModel]) -> Record:
    try:
        return check(body, resource, model)
    except InvalidRecord as error:
        raise Invalid({fault.field: fault.message for fault in error.faults[:FAULTS]}) from None


_JSON = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json")  # RFC 6838, 4.2; RFC 6839, 3.1


def _require_json(headers: Mapping[str, str]) -> None:
    """Only `application/json` and `application/*+json`, UTF-8 (RFC 8259, 8.1).

    No page of another origin can send them without a preflight.
    """
    media_type, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
    charsets = {p.partition("=")[2].strip().strip('"') for p in parameters if p.startswith("charset")}
    encoded = headers.get("content-encoding", "identity").strip().lower()
    if not _JSON.fullmatch(media_type) or not charsets <= {"utf-8", "utf8"}:
        raise UnsupportedMediaType
    if encoded != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")


async def _read(request: Request, limit: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise PayloadTooLarge(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _json_object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        raise BadRequest("The body is empty; send a JSON object: {…}.")
    try:
        body = loads(raw)
    except InvalidJSON as error:
        raise BadRequest(f"The body cannot be read: {error}.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object: {…}.")
    return body
