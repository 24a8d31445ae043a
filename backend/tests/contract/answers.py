"""What of two answers must be equal: status, records, page numbers and, where a release has them, totals and links."""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

Version = Literal["0.17.4", "1.0.0-beta.3", "1.0.0-beta.15"]

_LINK = re.compile(r'<([^>]*)>; rel="([a-z]+)"')


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


class Comparable(NamedTuple):
    status: int
    body: Any = None
    total: str | None = None
    links: dict[str, list[tuple[str, str]]] | None = None
    location: str | None = None


def comparable(version: Version, answer: Answer) -> Comparable:
    """Bodies of errors are not compared: ours are problem+json. 1.x has none of these headers; ours are an addition."""
    if answer.status >= 400:
        return Comparable(answer.status)
    if not answer.content or "json" not in answer.headers.get("content-type", ""):
        return Comparable(answer.status, answer.content)
    if version != "0.17.4":
        return Comparable(answer.status, answer.json)
    headers = answer.headers
    location = headers.get("location")
    path = urlsplit(location).path if location else None
    return Comparable(answer.status, answer.json, headers.get("x-total-count"), links(headers.get("link", "")), path)


def links(header: str) -> dict[str, list[tuple[str, str]]]:
    """Relation -> the parameters of its address, in order."""
    return {
        name: parse_qsl(urlsplit(url).query, keep_blank_values=True, errors="surrogateescape")
        for url, name in _LINK.findall(header)
    }
