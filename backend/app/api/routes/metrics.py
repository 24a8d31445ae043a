"""/metrics, where METRICS=true adds it."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from app.api.metrics import Metrics
from app.api.thin import ThinRoute
from app.database import Database
from app.services.feed import Feed


def router(metrics: Metrics, database: Database, feed: Feed) -> APIRouter:
    routes = APIRouter(route_class=ThinRoute, include_in_schema=False)

    @routes.get("/metrics")
    async def figures(_: Request) -> Response:
        return Response(await metrics.text(database, feed), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes
