"""Assembles the application from its settings, and nothing else.

`uvicorn app.main:app` gets its app from the module's `__getattr__`, so that an import reads and opens nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import __version__, config
from app.api import error_handlers, middleware, openapi
from app.api.routes import health, patients
from app.config import Settings
from app.database import Database
from app.services.patient_service import PatientService


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application over the database `settings.database_url` names; its lifespan opens and closes the pool."""
    database = Database(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await database.open()
        try:
            yield
        finally:
            await database.close()

    app = FastAPI(
        title="Patients API",
        version=__version__,
        summary="json-server's contract for patients, kept in PostgreSQL.",
        lifespan=lifespan,
        middleware=middleware.layers(settings),
        redirect_slashes=False,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # spans carry what was searched for
    )
    app.state.settings, app.state.database, app.state.patients = settings, database, PatientService(database)
    # Flat, `include_router` would wrap each request once more; and before FastAPI's own, which few ask for.
    app.router.routes[:0] = [*patients.router.routes, *health.router.routes]
    error_handlers.install(app)
    openapi.document(app)
    return app


def __getattr__(name: str) -> FastAPI:
    if name == "app":
        return create_app(config.load())
    raise AttributeError(name)
