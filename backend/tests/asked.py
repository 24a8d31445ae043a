"""The application in this process: requests go through every layer but the socket."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2

from app.config import Settings
from app.main import create_app
from app.resource.resource import Resource
from app.resources import PATIENTS


@asynccontextmanager
async def serving(
    settings: Settings, resources: Sequence[Resource] = (PATIENTS,), **changes: object
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of it; `changes` are settings. Beside patients a checkout may serve what no test here knows of."""
    app = create_app(settings.model_copy(update=changes), resources)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        yield http
