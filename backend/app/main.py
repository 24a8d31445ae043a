"""Assembles the application from its settings, and nothing else.

`uvicorn app.main:app` gets its app from the module's `__getattr__`, so that an import reads and opens nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

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
    )
    app.state.settings, app.state.database, app.state.patients = settings, database, PatientService(database)
    for router in (patients.router, health.router):
        app.router.routes.extend(router.routes)  # flat: `include_router` would wrap each request once more
    error_handlers.install(app)
    openapi.document(app)
    return app


def __getattr__(name: str) -> FastAPI:
    if name != "app":
        raise AttributeError(name)
    return _app()


@cache
def _app() -> FastAPI:
    """The application of `uvicorn app.main:app`, which asks for it twice."""
    from app.development import with_database  # noqa: PLC0415 migrations and importer: only where they may be needed

    return create_app(with_database(config.load()))
