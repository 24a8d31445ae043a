"""A page about a resource's records: for whom it is, and what stands there where records cannot be shown."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from app.api import conditional
from app.api.access import Need, actor_of
from app.api.pages import Site
from app.api.table.cells import Cells
from app.database import Database
from app.dialect.conditions import UnsupportedQuery
from app.dialect.relations import Relations
from app.errors import DatabaseUnavailable, Forbidden, Problem
from app.resource.resource import Resource

Answer = TypeVar("Answer")
Values = dict[str, Any]

_PATIENCE = 0.3  # seconds until it is asked whether the database is away
_LETTERS = "crudh"


class Showing(NamedTuple):
    """The pages of a site over a database."""

    site: Site
    database: Database

    async def page(
        self, request: Request, name: str, resource: Resource, letter: str, told: Callable[[], Awaitable[Values]]
    ) -> Response:
        """`told` to those who have the right; whoever is not known sees where to sign in and nothing else."""
        status, values = 200, Values()
        try:
            if self._admitted(request, resource, letter):
                values = await self._soon(told())
        except UnsupportedQuery as error:
            status, values = 400, {"fault": str(error), "away": False}
        except Problem as error:
            status, values = error.status, {"fault": error.detail, "away": isinstance(error, DatabaseUnavailable)}
        frame = {
            "resource": resource,
            "all": self.table(request, resource),
            "may": {letter for letter in _LETTERS if self.site.may(request, letter, resource)},
        }
        return await conditional.compressed(request, self.site.page(request, name, status, **frame, **values))

    def below(self, request: Request, resource: Resource) -> str:
        """Where the pages of a resource's records stand."""
        return f"{self.site.root(request)}/-{resource.address}"

    def table(self, request: Request, resource: Resource) -> str:
        return self.site.root(request) + self.site.table(resource)

    def cells(self, request: Request, resource: Resource, relations: Relations) -> Cells:
        """With the way to each record that another's key names, where it may be read."""
        parents = [one for one in relations.parents(resource) if self.site.may(request, "r", one.parent)]
        keys = {relation.key: self.below(request, relation.parent) for relation in parents}
        return Cells(resource, self.below(request, resource), keys)

    def _admitted(self, request: Request, resource: Resource, letter: str) -> bool:
        """Raises `Forbidden`."""
        actor, allowed = actor_of(request.scope), self.site.may(request, letter, resource)
        if actor and not allowed:
            raise Forbidden(actor.name, Need(letter, (resource,)).scope)
        return allowed

    async def _soon(self, asked: Awaitable[Answer]) -> Answer:
        """Raises `DatabaseUnavailable` within 2 s where the database is away, and not at the end of its deadline."""
        task = asyncio.ensure_future(asked)
        try:
            await asyncio.wait([task], timeout=_PATIENCE)
            if not task.done() and (outage := await self.database.outage()) and not outage.reads:
                raise DatabaseUnavailable(outage.detail)
            return await task
        finally:
            task.cancel()
