"""/db: every record of every resource as one db.json, as json-server 0.17 has it. In development only."""

import json
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional
from app.api.thin import ThinRoute
from app.config import Settings
from app.services.record_service import RecordService


def router(services: Sequence[RecordService], settings: Settings) -> APIRouter:
    routes = APIRouter(route_class=ThinRoute, include_in_schema=False)

    @routes.get("/db")
    async def db(_: Request) -> Response:
        return conditional.streamed(await conditional.begun(_pieces(services, settings)), {})

    return routes


async def _pieces(services: Sequence[RecordService], settings: Settings) -> AsyncIterator[bytes]:
    """The document. Each list is of the moment in which it is read."""
    before = b"{"
    for service in services:
        listing = await service.find(b"", settings.json_server_dialect)
        yield before + json.dumps(service.resource.path).encode() + b":" + listing.body
        if listing.parts:
            async for part in listing.parts:
                yield part
        before = b","
    yield b"}"
