"""/patients: HTTP in, HTTP out. What each address means is json-server's; what it documents is in `openapi.py`."""

import re
from urllib.parse import quote, unquote_to_bytes

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api import body, conditional
from app.api.thin import ThinRoute
from app.errors import BadRequest, NotFound
from app.jsonserver import page
from app.jsonserver.query import Dialect
from app.schemas.patient import PatientCreate, PatientPatch, PatientReplace
from app.services.patient_service import PatientService, etag

PATH = "/patients"
_BROKEN = re.compile("%(?![0-9A-Fa-f]{2})")  # RFC 3986, 2.1; `unquote_to_bytes` lets it pass

router = APIRouter(prefix=PATH, tags=["patients"], route_class=ThinRoute)


@router.get("")
async def list_patients(request: Request) -> Response:
    """All patients, or those the query asks for."""
    query, total, content, tag, parts = await _patients(request).find(request.scope["query_string"], _dialect(request))
    url = "" if total is None else str(request.base_url).rstrip("/") + PATH  # dear, and a whole list has no links
    headers = page.headers(query, total, url)
    if parts:
        return conditional.streamed(parts, page.around(query, total), headers)
    return await conditional.compressed(request, conditional.answer(request, content, tag, headers))


@router.post("")
async def create_patient(request: Request) -> Response:
    """Add a patient at the end of the list."""
    record = await body.record(request, PatientCreate, _limit(request))
    key, row = await _patients(request).create(record)
    return _row(row, 201, {"Location": f"{PATH}/{quote(key, safe='')}"})


@router.get("/{id}")
async def get_patient(request: Request) -> Response:
    """One patient."""
    row = await _patients(request).get(_id(request))
    return conditional.answer(request, row, etag(row))


@router.put("/{id}")
async def replace_patient(request: Request) -> Response:
    """Replace a patient whole; the id of the address stays."""
    record = await body.record(request, PatientReplace, _limit(request))
    return _row(await _patients(request).replace(_id(request), record, conditional.if_match(request)))


@router.patch("/{id}")
async def patch_patient(request: Request) -> Response:
    """Change only the fields that are sent."""
    record = await body.record(request, PatientPatch, _limit(request))
    return _row(await _patients(request).patch(_id(request), record, conditional.if_match(request)))


@router.delete("/{id}")
async def delete_patient(request: Request) -> Response:
    """Delete a patient; answers with it as it was."""
    row = await _patients(request).delete(_id(request), conditional.if_match(request))
    return _row(b"{}" if _dialect(request) == "0.17" else row, tagged=False)


def _row(row: bytes, status: int = 200, headers: dict[str, str] | None = None, *, tagged: bool = True) -> Response:
    version = {"ETag": etag(row)} if tagged else {}
    cache = {"Cache-Control": conditional.CACHE_CONTROL}
    return Response(row, status, {**cache, **version, **(headers or {})}, "application/json")


def _id(request: Request) -> str:
    """The id as sent: percent-decoded from the raw path, so that `%2F` belongs to it."""
    sent = _BROKEN.sub("%FF", request.path_params["id"])  # a byte that UTF-8 does not have
    try:
        key = unquote_to_bytes(sent).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("The address is not percent-encoded UTF-8.") from None
    if "\0" in key:
        raise NotFound("There is no patient with this id.")
    return key


def _patients(request: Request) -> PatientService:
    patients: PatientService = request.app.state.patients
    return patients


def _dialect(request: Request) -> Dialect:
    dialect: Dialect = request.app.state.settings.json_server_dialect
    return dialect


def _limit(request: Request) -> int:
    limit: int = request.app.state.settings.max_body_bytes
    return limit
