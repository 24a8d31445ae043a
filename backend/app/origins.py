"""Which web pages may call: CORS_ORIGINS as browsers send origins (RFC 6454, 7), and what a `*` in one stands for."""

import re
from collections.abc import Iterable

_LABEL = "[a-z0-9_-]+"
_HOST = rf"(?:(?:\*|{_LABEL})(?:\.(?:\*|{_LABEL}))*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>{_HOST})(?::(?P<port>[0-9]+))?")
_ONE_WILD = re.compile(rf"(?:{_LABEL}\.)*\*(?:\.{_LABEL})+")
_ANY = ("*", "null")
_UNSENT = {"http": "80", "https": "443"}  # a browser leaves its scheme's own port out

_SHAPE = "each must look like https://app.example or http://localhost:5173, without a path; or be *"
_WILD = "a * is one whole label of a host, before others, as in https://*.vercel.app; nothing else can be left open"


def checked(text: str) -> str:
    """The origin as a browser sends it. Raises `ValueError`: a sentence without its subject, CORS_ORIGINS."""
    origin = text.strip().rstrip("/").lower()
    if origin in _ANY:
        return origin
    parts = _ORIGIN.fullmatch(origin)
    if "*" in origin and not (parts and _ONE_WILD.fullmatch(parts["host"])):
        raise ValueError(_WILD)
    if not parts:
        raise ValueError(_SHAPE)
    return origin.removesuffix(f":{_UNSENT.get(parts['scheme'])}")


def pattern(origins: Iterable[str]) -> str | None:
    """A regular expression for those with a `*` in their host, which stands for one label; None if there is none."""
    wild = [re.escape(origin).replace(r"\*", _LABEL) for origin in origins if is_wild(origin)]
    return "|".join(wild) or None


def is_wild(origin: str) -> bool:
    return origin != "*" and "*" in origin
