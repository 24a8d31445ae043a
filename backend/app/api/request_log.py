"""The one line that a request gets in the log, whoever answered it."""

import logging
import time
from urllib.parse import quote_from_bytes

log = logging.getLogger("app.requests")

_LINE = "%(method)s %(route)s %(status)d %(ms).1f ms %(request_id)s"
_CUT_LINE = _LINE.replace(" %(ms)", " cut %(ms)")
_RECORD = vars(logging.LogRecord(log.name, logging.INFO, "", 0, _LINE, None, None))
_AS_SENT = "/?:@!$&'()*+,;=%[]{}|\"<>^`"  # what else a client sends is no character to write on a terminal


def log_request(
    method: str, route: str, status: int, seconds: float, request_id: str, *, actor: str = "", cut: bool = False
) -> None:
    """Method, route, status, milliseconds, id; with who asked, where somebody is known. `cut`: the answer had begun and
    did not come to its end."""
    if not log.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "request_id": request_id,
        **({"actor": actor} if actor else {}),
        **({"cut": True} if cut else {}),
    }
    # What `log.info` would do in the end; its way there takes longer than all the rest, and each request pays it.
    record, now, line = object.__new__(logging.LogRecord), time.time(), _CUT_LINE if cut else _LINE
    own = {"created": now, "msecs": now % 1 * 1000, "msg": f"{line} %(actor)s" if actor else line}
    record.__dict__ |= {**_RECORD, **own, "args": fields, "fields": fields}
    log.handle(record)


def told(query_string: bytes, hint: str = "") -> str:
    """A query as it stands behind the route, and what there is to say about it."""
    query = f"?{quote_from_bytes(query_string, _AS_SENT)}" if query_string else ""
    return f"{query} ({hint})" if hint else query
