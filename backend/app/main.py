"""Assembles the application from its settings, and nothing else.

`uvicorn app.main:app` gets its app from the module's `__getattr__`, so that an import reads and opens nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, FastAPI

from app import __version__, config, logs, spelling
from app.api import error_handlers, middleware, openapi
from app.api.metrics import Metrics
from app.api.routes import docs, health, home, metrics, patients
from app.api.thin import ThinApp
from app.config import Settings
from app.database import Database
from app.embedded import EmbeddedError
from app.services.patient_service import PatientService
from app.services.statements import NEEDS
from app.turns import Turns

log = logging.getLogger("app")

NOT_STARTED = "Patients API did not start."
_OPEN = (
    "ANYONE WHO CAN REACH THIS SERVER MAY READ, CHANGE AND DELETE EVERY PATIENT: like json-server it has no access "
    "control. Let only those reach it who may."
)


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application over the database `settings.database_url` names; its lifespan opens and closes the pool."""
    database, counted = Database(settings, NEEDS), Metrics() if settings.metrics else None
    turns = Turns()
    service = PatientService(database, turns)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if settings.environment == "production":
            log.warning(_OPEN)
        await database.open()
        looking = asyncio.create_task(service.prepare())  # the database may take its time, or not be there
        try:
            yield
        finally:
            looking.cancel()
            await database.close()

    app = ThinApp(
        title="Patients API",
        version=__version__,
        summary="json-server's contract for patients, kept in PostgreSQL.",
        lifespan=lifespan,
        middleware=middleware.layers(settings, counted),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # spans carry what was searched for
    )
    app.state.settings, app.state.database, app.state.patients = settings, database, service
    app.state.turns, app.state.metrics = turns, counted
    # Flat, `include_router` would wrap each request once more; and before FastAPI's own, which few ask for.
    app.router.routes[:0] = [route for router in _routers(settings) for route in router.routes]
    error_handlers.install(app)
    openapi.document(app)
    return app


def _routers(settings: Settings) -> list[APIRouter]:
    optional = ((settings.metrics, metrics.router), (settings.home_page, home.router))
    return [patients.router, health.router, docs.router, *(router for wanted, router in optional if wanted)]


def __getattr__(name: str) -> FastAPI:
    if name != "app":
        raise AttributeError(name)
    return _app()


@cache
def _app() -> FastAPI:
    """The application of `uvicorn app.main:app`, which asks for it twice."""
    from app.development import with_database  # noqa: PLC0415 migrations and importer: only where they may be needed

    try:
        settings = config.load()
        logs.configure(settings)
        spelling.warn()
        return create_app(with_database(settings))
    except (config.SettingsError, EmbeddedError) as error:
        raise SystemExit(f"{NOT_STARTED} {error}") from None
