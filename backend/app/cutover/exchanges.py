"""A request as a client sent it, and what one of the two sides answered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """`path` and `query` are as they stood in the request line (percent-encoded, no `?`); names of headers are in lower
    case; the body is whole."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """Names of headers are in lower case; the body is whole, and not compressed; `seconds` until it was here."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
