"""What a page says about the whole list: numbers, `Link`, `X-Total-Count`, json-server 1.x's envelope. Pure arithmetic.

Takes the page's JSON as bytes and never parses it.
"""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from app.dialect.query import ListQuery, Page


class Numbers(NamedTuple):
    """1-based numbers of pages; `current` is the one answered with."""

    current: int
    last: int

    @property
    def previous(self) -> int | None:
        return self.current - 1 if self.current > 1 else None

    @property
    def next(self) -> int | None:
        return self.current + 1 if self.current < self.last else None


def numbers(page: Page, total: int) -> Numbers:
    """A page past the end is the last one, and an empty list has one page (json-server 1.0.0-beta.15, paginate.js)."""
    last = max(1, -(-total // page.size))
    return Numbers(min(page.number, last), last)


def body(query: ListQuery, rows: bytes, total: int | None) -> bytes:
    """The answer's bytes: the array as it is, or in the envelope of 1.x."""
    before, after = around(query, total)
    return before + rows + after if before else rows


def around(query: ListQuery, total: int | None) -> tuple[bytes, bytes]:
    """What stands before and after the array: nothing, or the envelope of 1.x."""
    if not query.enveloped or not isinstance(query.window, Page) or total is None:
        return b"", b""
    page = numbers(query.window, total)
    previous, following = (str(number or "null") for number in (page.previous, page.next))
    counts = f'"first":1,"prev":{previous},"next":{following},"last":{page.last},"pages":{page.last},"items":{total}'
    return b"{" + counts.encode() + b',"data":', b"}"


def headers(query: ListQuery, total: int | None, url: str) -> dict[str, str]:
    """`X-Total-Count` for pages and slices; `Link` for pages, empty ones and single ones excepted, as in 0.17.4.

    `url` is the list's own absolute address without a query.
    """
    if total is None:
        return {}
    link = ", ".join(f'<{url}?{target}>; rel="{name}"' for name, target in _links(query, total).items())
    return {"X-Total-Count": str(total)} | ({"Link": link} if link else {})


def _links(query: ListQuery, total: int) -> Mapping[str, str]:
    page = query.window
    if not isinstance(page, Page) or total <= page.size or (_past_end(page, total) and not query.enveloped):
        return {}
    place = numbers(page, total)
    targets = {"first": 1, "prev": place.previous, "next": place.next, "last": place.last}
    return {name: _address(query, number) for name, number in targets.items() if number}


def _past_end(page: Page, total: int) -> bool:
    return page.number > numbers(page, total).last


def _address(query: ListQuery, number: int) -> str:
    """The request's own parameters with another `_page`."""
    pairs = [(key, str(number) if key == "_page" else value) for key, value in query.parameters]
    return urlencode(pairs, errors="surrogateescape")
