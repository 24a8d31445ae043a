"""/metrics, where METRICS=true adds it."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from app.api.thin import ThinRoute

router = APIRouter(route_class=ThinRoute, include_in_schema=False)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    state = request.app.state
    return Response(await state.metrics.text(state.database), media_type=CONTENT_TYPE_PLAIN_0_0_4)
