"""/-/<path>/<id>: one record for people: its fields and their rules, what belongs to it, and how it was before."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import field_rules
from app.api.routes.records import segment
from app.api.routes.tables import listed
from app.api.table.cells import Record
from app.api.table.showing import Showing, Values
from app.api.table.states import State
from app.api.table.versions import Step, steps
from app.api.thin import ThinRoute
from app.dialect.query import Owner
from app.dialect.relations import Relation
from app.errors import NotFound
from app.resource.resource import Resource
from app.services.history import DELETED, History
from app.services.record_service import RecordService

_FEW = b"_page=1&_limit=5"  # of what belongs to a record, and of each its first fields
_FIELDS = 4
_VERSIONS = 50


class RecordPages:
    """The pages of one resource's records; `services` are those of every resource."""

    def __init__(
        self, service: RecordService, history: History, services: Mapping[Resource, RecordService], showing: Showing
    ) -> None:
        self._service, self._resource, self._history = service, service.resource, history
        self._services, self._showing = services, showing

    async def page(self, request: Request) -> Response:
        return await self._showing.page(request, "record", self._resource, "r", partial(self._told, request))

    async def _told(self, request: Request) -> Values:
        key = segment(request.path_params["id"]).replace("\0", "\ufffd")  # an id has no NUL
        past = await self._past(request, key)
        record = await self._found(key, bool(past) and past[0].change == DELETED)
        looks = self._showing.cells(request, self._resource, self._service.relations)
        return {
            "key": key,
            "record": record,
            "fields": field_rules.fields(self._resource),
            "others": [name for name in record if name not in self._resource.fields],
            "cells": {name: looks.cell(name, value, whole=True) for name, value in record.items()},
            "related": [one async for one in self._related(request, key)] if record else [],
            "steps": past,
        }

    async def _found(self, key: str, deleted: bool) -> Record:
        """The record; an empty one where it is `deleted`, which only its history tells. Raises `NotFound`."""
        try:
            record: Record = json.loads(await self._service.get(self._service.key(key)))
        except NotFound:
            if not deleted:
                raise
            return {}
        return record

    async def _past(self, request: Request, key: str) -> Sequence[Step]:
        """Nothing where nothing is on record, or whoever asks may not see it."""
        if not self._showing.site.may(request, "h", self._resource):
            return []
        try:
            return steps(json.loads(await self._history.of(key, _VERSIONS, None)))
        except NotFound:
            return []

    async def _related(self, request: Request, key: str) -> AsyncIterator[Mapping[str, Any]]:
        for relation in self._service.relations.children(self._resource):
            if self._showing.site.may(request, "s", relation.child):
                yield await self._children(request, relation, key)

    async def _children(self, request: Request, relation: Relation, key: str) -> Mapping[str, Any]:
        """The first of what belongs to a record, how many there are, and the address of all."""
        child, service = relation.child, self._services[relation.child]
        listing = await service.find(_FEW, "0.17", Owner(relation.key, key))
        looks, names = self._showing.cells(request, child, service.relations), list(child.fields)[:_FIELDS]
        all_of_them = State((), child.fields, "0.17").only((relation.key, key))
        return {
            "path": child.path,
            "total": listing.total,
            "names": names,
            "rows": [looks.row(record, names) for record in await listed(listing)],
            "address": self._showing.table(request, child) + all_of_them,
        }


def router(pages: Sequence[tuple[RecordService, RecordPages]]) -> APIRouter:
    routes = APIRouter(prefix="/-", route_class=ThinRoute, include_in_schema=False)
    for service, page in pages:
        routes.add_api_route(f"{service.resource.address}/{{id}}", page.page, methods=["GET"])
    return routes
