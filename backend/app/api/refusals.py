"""What a request gets that the HTTP server refuses before the application sees it: the same body, a line in the log."""

from collections.abc import Callable, Mapping, Sequence

from starlette.responses import Response

from app.api.problems import problem
from app.api.request_log import log_request
from app.origins import is_wild

Refusal = Callable[[int, str], Response]


def refusal(origins: Sequence[str]) -> Refusal:
    """Makes the answer from its status and a sentence; these CORS origins may read it."""
    headers = {"Connection": "close", **_permission(origins)}

    def refused(status: int, detail: str) -> Response:
        log_request("-", "-", status, 0, "-")
        again = {"Retry-After": "1"} if status == 503 else {}
        return problem(status, detail, headers={**headers, **again})

    return refused


def _permission(origins: Sequence[str]) -> Mapping[str, str]:
    """CORS for answers to requests that were not read far enough to know their Origin: what is right for each of them.

    With several origins, or one that stands for several, there is no such thing, and a browser keeps the answer to
    itself.
    """
    one = origins[0] if len(origins) == 1 and not is_wild(origins[0]) else None
    allowed = "*" if "*" in origins else one
    return {"Access-Control-Allow-Origin": allowed} if allowed else {}
