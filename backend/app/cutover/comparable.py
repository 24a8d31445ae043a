"""What of two answers must be equal: status, records, numbers of pages and, where a release has them, totals and links.

Not the bodies of errors, which are problem+json here; not the order of a record's fields; nor whether an id is a
number, where this server's ids are text. Pure.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

Version = Literal["0.17.4", "1.0.0-beta.3", "1.0.0-beta.15"]
"""A json-server, as npm calls it."""

_EXACT_DIGITS = 16
_LINK = re.compile(r'<([^>]*)>; rel="([a-z]+)"')


class Comparable(NamedTuple):
    """Of one answer. `body` is bytes where it is no JSON."""

    status: int
    body: Any = None
    total: str | None = None
    links: dict[str, list[tuple[str, str]]] | None = None
    location: str | None = None


def comparable(version: Version, status: int, headers: Mapping[str, str], body: bytes) -> Comparable:
    """1.x has none of the headers that 0.17 has; this server's are an addition. Names of headers are in lower case."""
    if status >= 400:
        return Comparable(status)
    value = parsed(body) if body and "json" in headers.get("content-type", "") else body
    if version != "0.17.4" or isinstance(value, bytes):
        return Comparable(status, value)
    location = headers.get("location")
    path = urlsplit(location).path if location else None
    return Comparable(status, value, headers.get("x-total-count"), links(headers.get("link", "")), path)


def parsed(body: bytes) -> Any:
    """The JSON value, the bytes if they are none. 4.0 is 4, and no number has more digits than one of JavaScript."""
    try:
        return json.loads(body, parse_float=_number, parse_int=_whole)
    except (ValueError, RecursionError):
        return body


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _whole(text: str) -> int | float:
    return int(text) if len(text) < _EXACT_DIGITS else _number(text)


def links(header: str) -> dict[str, list[tuple[str, str]]]:
    """Relation -> the parameters of its address, in order."""
    return {
        name: parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="surrogateescape")
        for url, name in _LINK.findall(header)
    }


def exact(value: Any) -> str:
    """Equal for equal JSON values alone: to Python true is 1."""
    return json.dumps(value, sort_keys=True, default=repr)


def same(one: Any, other: Any) -> bool:
    return bool(one == other) and exact(one) == exact(other)


def with_text_ids(body: Any, numbered: Sequence[str] = (), name: str = "") -> Any:
    """A body, and what is embedded in it, with the numbers that are ids as texts; not those of records of the lists
    `numbered`. `name` is that of the list, or of the field that holds it."""
    if isinstance(body, list):
        return [with_text_ids(one, numbered, name) for one in body]
    if not isinstance(body, dict):
        return body
    inner = {key: one for key, one in body.items() if isinstance(one, dict | list)}
    own = {key: with_text_ids(one, numbered, name if key == "data" else key) for key, one in inner.items()}
    id = body.get("id")
    is_number = isinstance(id, int | float) and not isinstance(id, bool) and name not in numbered
    return body | own | ({"id": json.dumps(id)} if is_number else {})
