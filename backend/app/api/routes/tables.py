"""/-/<path>: a resource's records as a table for people, at `/` where there is only one.

Rendered here, so that it reads without JavaScript. Each state of it has an address (`table.states`).
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api import conditional, field_rules
from app.api.table import cells
from app.api.table.cells import Record
from app.api.table.pictures import FEW, Picture, candidates, pictures
from app.api.table.showing import Showing, Values
from app.api.table.states import OPERATORS, State, canonical
from app.api.thin import ThinRoute
from app.dialect.query import Dialect
from app.errors import DatabaseUnavailable
from app.limits import SAMPLE
from app.services.listing import Listing
from app.services.record_service import RecordService

_WORTH = 10  # records, from which on there are pictures


class Table:
    """The table of one resource."""

    def __init__(self, service: RecordService, showing: Showing, dialect: Dialect) -> None:
        self._service, self._resource, self._showing, self._dialect = service, service.resource, showing, dialect

    async def page(self, request: Request) -> Response:
        state, shortest = canonical(request.scope["query_string"], self._resource.fields, self._dialect)
        if not shortest:
            address = self._showing.table(request, self._resource) + state.address
            return RedirectResponse(address, 303, {"Cache-Control": conditional.CACHE_CONTROL})
        return await self._showing.page(request, "table", self._resource, "s", partial(self._told, request, state))

    async def _told(self, request: Request, state: State) -> Values:
        listing = await self._service.find(state.shown, self._dialect)
        records, total = await listed(listing), listing.total or 0
        columns = cells.columns(self._resource, records, state)
        looks = self._showing.cells(request, self._resource, self._service.relations)
        names = [column.name for column in columns if column.shown]
        return {
            "state": state,
            "pictures": await self._pictures(state, total),
            "sampled": total > SAMPLE,
            "columns": columns,
            "rows": [looks.row(record, names) for record in records],
            "total": total,
            "hint": listing.hint,
            "last": max(1, -(-total // state.size)),
            "operators": OPERATORS,
            "asked_for": self._resource.address + state.request,
            "base": str(request.base_url).rstrip("/"),
            "fields": field_rules.fields(self._resource),
        }

    async def _pictures(self, state: State, total: int) -> Sequence[Picture]:
        """None where there is too little to see, or the database takes too long for what is no more than a help."""
        fields = candidates(self._resource, state)
        if total < _WORTH or not fields:
            return []
        try:
            counts = await self._service.tally(state.query, fields, FEW + 1, total)
        except DatabaseUnavailable:
            return []
        return pictures(fields, counts, state)


def router(tables: Sequence[tuple[RecordService, Table]]) -> APIRouter:
    routes = APIRouter(prefix="/-", route_class=ThinRoute, include_in_schema=False)
    for service, table in tables:
        routes.add_api_route(service.resource.address, table.page, methods=["GET"])
    return routes


async def listed(listing: Listing) -> list[Record]:
    """The records of an answer, whichever its form."""
    body = b"".join([part async for part in listing.parts]) if listing.parts else listing.body
    told: Any = json.loads(body)
    records: list[Record] = told["data"] if listing.query.enveloped else told
    return records
