"""What the parser lets pass and RFC 9112 does not: heads that two readers could read in two ways. Pure."""

import re
from collections.abc import Sequence

_TELLING = (b"host", b"transfer-encoding")
_HOST = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]+")  # RFC 3986, 3.2.2 and 3.2.3


def fault_of(version: str, method: bytes, headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    """The status that refuses this head, or None. Names are in lower case."""
    if version not in ("1.1", "1.0"):
        return 505
    telling = [field for field in headers if field[0] in _TELLING]
    hosts = [value for name, value in telling if name == b"host"]
    codings = [value.rstrip(b" ").lower() for name, value in telling if name != b"host"]  # the parser leaves them there
    if not _names_one_host(hosts, version) or method == b"CONNECT" or (codings and version == "1.0"):
        return 400
    return 501 if codings and codings != [b"chunked"] else None


def _names_one_host(hosts: Sequence[bytes], version: str) -> bool:
    """RFC 9112, 3.2."""
    return len(hosts) == 1 and bool(_HOST.fullmatch(hosts[0])) if hosts else version == "1.0"
