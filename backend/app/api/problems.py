"""What an error looks like on the wire: problem+json (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

from app.api.conditional import CACHE_CONTROL

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, detail: str, *, errors: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """One error body for every client: `message` first, for whoever is shown the body as it is, react-admin and refine;
    the same text as `detail` (RFC 9457), and `errors` (wire field -> sentence) for forms, where a field is to blame."""
    body = {
        "message": detail,
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **({"errors": dict(errors)} if errors else {}),
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, {**(headers or {}), "Cache-Control": CACHE_CONTROL}, MEDIA_TYPE)
