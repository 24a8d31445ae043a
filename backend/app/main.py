"""Assembles the application from its settings, and nothing else.

`uvicorn app.main:app` gets its app from the module's `__getattr__`, so that an import reads and opens nothing.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI

from app import NAME, __version__, config, logs, spelling
from app.access import credentials, keys
from app.access.credentials import Judge
from app.api import openapi
from app.api.access import Access
from app.api.front import Front
from app.api.metrics import Metrics
from app.api.pages import Site
from app.api.routes import (
    changes,
    db,
    docs,
    exports,
    health,
    history,
    home,
    import_page,
    imports,
    metrics,
    pages,
    record_pages,
    records,
    signing,
    tables,
)
from app.api.routes.record_pages import RecordPages
from app.api.table.showing import Showing
from app.api.thin import ThinApp, told_apart
from app.config import Settings
from app.database import Database
from app.dialect.relations import Relations
from app.embedded import EmbeddedError
from app.errors import DatabaseUnavailable
from app.imports.exports import Exports
from app.imports.jobs import Imports
from app.people.people import PREFIX as SESSION
from app.people.people import People
from app.resource.resource import Resource, demand_apart
from app.resources import RESOURCES
from app.services.feed import Feed
from app.services.history import History
from app.services.merging import keep_merged
from app.services.needs import needs, unrecorded
from app.services.pruning import keep
from app.services.record_service import RecordService
from app.services.restoring import Restoring
from app.turns import Turns

log = logging.getLogger("app")

STOPPING = "stopping"  # of the lifespan's state: what the server calls when it is asked to stop
NOT_STARTED = f"{NAME} did not start."
_OPEN = (
    "ANYONE WHO CAN REACH THIS SERVER MAY READ, CHANGE AND DELETE EVERY %s: with ACCESS=open nobody is asked who they "
    "are, as by json-server. Let only those reach it who may."
)


class _Parts(NamedTuple):
    """What an application is made of."""

    settings: Settings
    resources: Sequence[Resource]
    database: Database
    turns: Turns
    services: Sequence[RecordService]
    feed: Feed
    people: People
    imports: Imports
    counted: Metrics | None

    def stop(self) -> None:
        """The server has been asked to stop: what would go on is ended."""
        self.feed.close()
        self.imports.stop()


def create_app(
    settings: Settings, resources: Sequence[Resource] = RESOURCES, database: Database | None = None
) -> FastAPI:
    """The ASGI application over the database `settings.database_url` names; its lifespan opens and closes the pool.

    Raises `DeclarationError` for resources that cannot be served together.
    """
    demand_apart(resources)
    parts = _parts(settings, resources, database or Database(settings, needs(resources)))
    judge = _judge(settings, parts.people) if settings.demanded else None
    base_path, asked = settings.base_path or "", bool(settings.demanded)
    app = ThinApp(
        document=partial(openapi.document, resources=resources, base_path=base_path, asked=asked),
        title=NAME,
        version=__version__,
        summary=f"json-server's contract for {' and '.join(one.path for one in resources)}, kept in PostgreSQL.",
        lifespan=partial(_lifespan, parts),
        front=partial(
            Front, settings=settings, metrics=parts.counted, access=Access(resources, judge) if judge else None
        ),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # spans carry what was searched for
    )
    # Flat, `include_router` would wrap each request once more; and before FastAPI's own, which few ask for.
    app.router.routes[:0] = told_apart([route for router in _routers(parts) for route in router.routes])
    return app


def _parts(settings: Settings, resources: Sequence[Resource], database: Database) -> _Parts:
    turns, relations = Turns(), Relations(resources, settings.foreign_key_suffix)
    services = [RecordService(resource, database, turns, relations) for resource in resources]
    feed, people = Feed(database, resources, settings.changes_keep_days), People(database, settings.workers)
    counted = Metrics() if settings.metrics else None
    imports = Imports(database, _dsn(settings))
    return _Parts(settings, resources, database, turns, services, feed, people, imports, counted)


@asynccontextmanager
async def _lifespan(parts: _Parts, _: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
    settings, database = parts.settings, parts.database
    if settings.environment == "production" and not settings.demanded:
        log.warning(_OPEN, " AND EVERY ".join(resource.noun.upper() for resource in parts.resources))
    await database.open()
    # The database may take its time, or not be there.
    tasks = [asyncio.create_task(_prepare(parts.services, database)), asyncio.create_task(parts.imports.keep())]
    tasks.append(asyncio.create_task(keep_merged(database, parts.resources)))
    if parts.counted:
        tasks.append(asyncio.create_task(parts.counted.follow(database, parts.feed)))
    if settings.changes_keep_days:
        tasks.append(asyncio.create_task(keep(database, settings.changes_keep_days)))
    try:
        yield {STOPPING: parts.stop}
    finally:
        parts.stop()
        for task in tasks:
            task.cancel()
        await parts.imports.close()
        await database.close()


def _dsn(settings: Settings) -> str:
    return settings.database_url.get_secret_value() if settings.database_url else ""


def _judge(settings: Settings, people: People) -> Judge:
    """What each kind of key and token is judged by; there are sessions where somebody has an account."""
    own: dict[str, Judge] = {SESSION: people.actor}
    if "keys" in settings.demanded:
        own[keys.PREFIX] = credentials.of_keys(settings.keys)
    return credentials.judge(own, _tokens(settings) if "jwt" in settings.demanded else credentials.nobody)


def _tokens(settings: Settings) -> Judge:
    from app.access.issuer import Issuer  # noqa: PLC0415 cryptography takes time: only where tokens are judged
    from app.access.tokens import Tokens  # noqa: PLC0415

    issuer = Issuer(settings.jwt_issuer or "", settings.jwt_jwks_url)
    return Tokens(issuer, settings.jwt_audience or "", settings.jwt_roles_at, settings.roles).actor


async def _prepare(services: Sequence[RecordService], database: Database) -> None:
    await asyncio.gather(*(service.prepare() for service in services))
    with suppress(DatabaseUnavailable):
        for (table,) in await database.rows(unrecorded([service.resource for service in services])):
            log.warning("Changes of %s are not on record: a revision must call journal('%s')", *2 * [table.decode()])


def _routers(parts: _Parts) -> list[APIRouter]:
    settings, services, database = parts.settings, parts.services, parts.database
    routers = [
        *(records.router(service, settings, parts.turns) for service in services),
        *(_history(one, database) for one in services),
        health.router(database, parts.resources),
        docs.router(settings),
        changes.router(parts.feed),
        signing.router(parts.people),
    ]
    routers.append(exports.router(Exports(_dsn(settings))))
    if settings.import_max_bytes:
        routers.append(imports.router(parts.imports, settings, [one.path for one in parts.resources]))
    if settings.environment == "development":
        routers.append(db.router(services, settings))
    if settings.pages:
        routers += _pages(parts)
    if parts.counted:
        routers.append(metrics.router(parts.counted, database, parts.feed))
    return routers


def _history(service: RecordService, database: Database) -> APIRouter:
    resource = service.resource
    return history.router(resource, service.relations, History(resource, database), Restoring(resource, database))


def _pages(parts: _Parts) -> list[APIRouter]:
    """For people."""
    settings, services, database = parts.settings, parts.services, parts.database
    site = Site(parts.resources, bool(settings.demanded), bool(settings.import_max_bytes))
    showing = Showing(site, database)
    every, dialect = {one.resource: one for one in services}, settings.json_server_dialect
    lists = [(one, tables.Table(one, showing, dialect)) for one in services]
    records = [(one, RecordPages(one, History(one.resource, database), every, showing)) for one in services]
    front = lists[0][1].page if len(lists) == 1 else None
    importing = import_page.router(site, settings.import_max_bytes)
    about = home.router(services, database, settings, site, front)
    return [pages.router, tables.router(lists), record_pages.router(records), about, importing]


def __getattr__(name: str) -> FastAPI:
    if name != "app":
        raise AttributeError(name)
    return _app()


@cache
def _app() -> FastAPI:
    """The application of `uvicorn app.main:app`, which asks for it twice."""
    from app.development import with_database  # noqa: PLC0415 migrations and importer: only where they may be needed

    try:
        settings = config.to_serve()
        logs.configure(settings)
        spelling.warn()
        return create_app(with_database(settings))
    except (config.SettingsError, EmbeddedError) as error:
        raise SystemExit(f"{NOT_STARTED} {error}") from None
