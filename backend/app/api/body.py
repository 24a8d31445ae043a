"""A request's body as a checked record, or several: media type, size, JSON, rules, in this order."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache, partial
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from app.errors import BadRequest, Invalid, PayloadTooLarge, UnsupportedMediaType
from app.limits import FAULTS
from app.resource.record import InvalidRecord, Record, check
from app.resource.resource import Resource
from app.resource.strict_json import InvalidJSON, loads
from app.turns import Turns

Value = TypeVar("Value")

NOTHING: Mapping[str, Any] = MappingProxyType({})

_SMALL = 4 * 1024  # bytes; such a body waits for no larger one


class Bodies:
    """The bodies of a resource's requests, of at most `limit` bytes. Large ones are read in turns."""

    def __init__(self, resource: Resource, limit: int, turns: Turns) -> None:
        self._resource, self._limit, self._turns = resource, limit, turns

    async def record(self, request: Request, model: type[BaseModel]) -> Record:
        """The body checked against `model`, a shape of the resource.

        Raises `UnsupportedMediaType`, `PayloadTooLarge`, `BadRequest` (not a JSON object), `Invalid`.
        """
        body, large = await self._json(request)
        return await self._in_turn(large, partial(_checked, _object(body), self._resource, model))

    async def records(
        self, request: Request, model: type[BaseModel], filled: Mapping[str, Any] = NOTHING
    ) -> Record | list[Record]:
        """As `record`; or of an array of objects each, of which faults are named `[place].field`.

        Fields that are `filled` have that value, whatever was sent.
        """
        body, large = await self._json(request)
        if isinstance(body, dict):
            return await self._in_turn(large, partial(_checked, {**body, **filled}, self._resource, model))
        if not isinstance(body, list) or not body:
            raise BadRequest("The body must be a JSON object, {…}, or an array of at least one.")
        return await self._all([{**item, **filled} if isinstance(item, dict) else item for item in body], model)

    async def _all(self, items: list[Any], model: type[BaseModel]) -> list[Record]:
        records: list[Record] = []
        errors: dict[str, str] = {}
        for place, item in enumerate(items):
            try:
                records.append(await self._turns.take(partial(_of_array, item, self._resource, model)))
            except Invalid as error:
                errors |= {_named(place, name): message for name, message in error.errors.items()}
        if errors:
            raise Invalid(dict(islice(errors.items(), FAULTS)))
        return records

    async def _json(self, request: Request) -> tuple[Any, bool]:
        """The body's value, and whether to take time with it."""
        raw = await _json_text(request, self._limit)
        large = len(raw) > _SMALL
        return await self._in_turn(large, partial(_value, raw)), large

    async def _in_turn(self, large: bool, work: Callable[[], Value]) -> Value:
        return await self._turns.take(work) if large else work()


async def json_object(request: Request, limit: int) -> dict[str, Any]:
    """A body that is no record. Raises `UnsupportedMediaType`, `PayloadTooLarge`, `BadRequest`."""
    return _object(_value(await _json_text(request, limit)))


def demand_json(request: Request) -> None:
    """Raises `UnsupportedMediaType`."""
    sent = request.headers.get
    _require_json(sent("content-type", ""), sent("content-encoding", "identity"))


async def _json_text(request: Request, limit: int) -> bytes:
    demand_json(request)
    return await _read(request, limit)


def _object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object: {…}.")
    return body


def _named(place: int, name: str) -> str:
    return f"[{place}].{name}" if name else f"[{place}]"


def _of_array(item: Any, resource: Resource, model: type[BaseModel]) -> Record:
    if not isinstance(item, dict):
        raise Invalid({"": "must be a JSON object"})
    return _checked(item, resource, model)


def _checked(body: dict[str, Any], resource: Resource, model: type[BaseModel]) -> Record:
    try:
        return check(body, resource, model)
    except InvalidRecord as error:
        raise Invalid({fault.field: fault.message for fault in error.faults[:FAULTS]}) from None


_JSON = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json")  # RFC 6838, 4.2; RFC 6839, 3.1


@lru_cache(16)  # browsers and programs send the same few
def _require_json(content_type: str, content_encoding: str) -> None:
    """Only `application/json` and `application/*+json`, UTF-8 (RFC 8259, 8.1).

    No page of another origin can send them without a preflight.
    """
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {p.partition("=")[2].strip().strip('"') for p in parameters if p.startswith("charset")}
    if not _JSON.fullmatch(media_type) or not charsets <= {"utf-8", "utf8"}:
        raise UnsupportedMediaType
    if content_encoding.strip().lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")


async def limited(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes. Raises `PayloadTooLarge`."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise PayloadTooLarge(limit)
        yield chunk


async def _read(request: Request, limit: int) -> bytes:
    return b"".join([chunk async for chunk in limited(request, limit)])


def _value(raw: bytes) -> Any:
    if not raw.strip():
        raise BadRequest("The body is empty; send a JSON object: {…}.")
    try:
        return loads(raw)
    except InvalidJSON as error:
        raise BadRequest(f"The body cannot be read: {error}.") from None
