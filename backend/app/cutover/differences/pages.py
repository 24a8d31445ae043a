"""Rows about the order of a list, and about its pages. Pure."""

import re
from collections.abc import Iterable
from dataclasses import replace

from app.cutover.comparable import parsed, with_text_ids
from app.cutover.differences.exchange import ALL, B3, B15, SLICE, V0, Exchange
from app.cutover.differences.reductions import Difference, either, emptied, framed, ordered, statuses, windows
from app.cutover.differences.values import at, parse_int

_CALL = re.compile(rb"\((\[.*\]|\{.*\})\);?\s*$", re.DOTALL)
_ASTRAL = "\U00010000"


def _keys(exchange: Exchange) -> list[str]:
    return [key.lstrip("-") for key in exchange.first("_sort").split(",") if key]


def _values(exchange: Exchange, keys: Iterable[str]) -> list[object]:
    """What the records of both answers have of these."""
    both = exchange.lists or ([], [])
    return [at(record, key) for listed in both for record in listed for key in keys]


def _falsy(exchange: Exchange) -> bool:
    """An id is a text or a number, and never empty: one that is something else is no matter of order."""
    keys = [key for key in _keys(exchange) if key != "id"]
    return any(not value or isinstance(value, list | dict) for value in _values(exchange, keys))


def _astral(exchange: Exchange) -> bool:
    values = _values(exchange, _keys(exchange))
    return any(isinstance(value, str) and max(value, default="") >= _ASTRAL for value in values)


def _sliced_order(exchange: Exchange) -> bool:
    return "_sort" in exchange.keys and not (SLICE | {"q"}).isdisjoint(exchange.keys)


def _odd_slice(exchange: Exchange) -> bool:
    """No usable end: `_start` alone, or an end that is empty or no number."""
    ends = [parse_int(exchange.first(name)) for name in ("_end", "_limit")]
    return not SLICE.isdisjoint(exchange.keys) and ends == [None, None]


def _odd_page(exchange: Exchange) -> bool:
    page, sizes = exchange.first("_page"), [parse_int(exchange.first(name)) for name in ("_limit", "_per_page")]
    return bool(page) and (not page.isdecimal() or page == "0" or any(size is not None and size < 1 for size in sizes))


def _page_and_slice(exchange: Exchange) -> bool:
    return "_page" in exchange.keys and not SLICE.isdisjoint(exchange.keys)


def _size_below_1(exchange: Exchange) -> bool:
    size = exchange.first("_per_page")
    return bool(size) and (parse_int(size) or 0) < 1


def _unwrapped(exchange: Exchange) -> Exchange:
    """Theirs is a script, `f([...]);`: what it is called with must be what ours says."""
    name, body = exchange.first("callback"), exchange.theirs.body
    call = _CALL.search(body) if isinstance(body, bytes) and name else None
    if not call:
        return exchange
    theirs = with_text_ids(parsed(call[1]), [one.path for one in exchange.shapes if one.numbered], exchange.shape.path)
    return replace(exchange, theirs=exchange.ours._replace(body=theirs))


PAGES: tuple[Difference, ...] = (
    Difference(
        "sorting-twice",
        (V0, B3),
        "answers 500 to a repeated `_sort`",
        "takes the first one, as beta.15",
        "A read is never an error.",
        statuses(500, 200, lambda exchange: [key for key, _ in exchange.pairs].count("_sort") > 1),
    ),
    Difference(
        "order-of-slices",
        (B3,),
        "sorts text by localeCompare whatever the request",
        "sorts by code units where `_limit`, `_start`, `_end` or `q` mark the request as 0.17's",
        "Those parameters are 0.17's own; beta.3 has `_page` and `_per_page`.",
        ordered(_sliced_order),
    ),
    Difference(
        "falsy-values",
        ALL,
        "sorts null before what is absent (0.17.4), or empty text, false, null and what is absent behind all else"
        " (betas), and arrays and objects among the others",
        "sorts by value, false before true; null and what is absent, arrays and objects are last and keep their places",
        "One order for all dialects, which an index serves.",
        ordered(_falsy),
    ),
    Difference(
        "odd-slices",
        (B3,),
        "answers no record to `_start` alone and ignores an end that is no number",
        "ignores `_start` alone and takes such an end for 0, as 0.17.4",
        "One rule for all dialects.",
        windows(_odd_slice),
    ),
    Difference(
        "page-with-slice",
        (B3,),
        "lets `_limit`, `_start` and `_end` beat `_page`",
        "lets `_page` beat them, `_limit` being its size, as 0.17.4",
        "`_page` with `_limit` is how 0.17 spells a page.",
        windows(_page_and_slice),
    ),
    Difference(
        "odd-pages",
        (V0, B3),
        "makes links that lead nowhere (0.17.4) or overlapping or whole lists (beta.3) of a page number that is none"
        " and of a page size below 1",
        "answers page 1 (1.x: no page if it is no number at all) of the default size",
        "One rule for all dialects, and links that work.",
        either(framed(_odd_page), windows(_odd_page)),
    ),
    Difference(
        "page-sizes-below-1",
        (B15,),
        "takes a page size below 1 for 1: for `_page=1&_per_page=-1` `last` and `pages` are the number of records",
        "takes the default size, 10, and counts pages of that",
        "One rule for all dialects.",
        windows(_size_below_1),
    ),
    Difference(
        "links-of-repeated-pages",
        (V0,),
        "makes links by replacing text in the address, and so keeps a second `_page` as it was",
        "builds links from the parameters",
        "Replacing text changes the wrong parameter now and then.",
        framed(lambda exchange: exchange.repeats_in_a_page),
    ),
    Difference(
        "pages-of-nothing",
        (B3,),
        "counts 0 pages in an empty result",
        "counts 1, as beta.15",
        "`last` is then a page that can be asked for.",
        emptied(lambda exchange: "_page" in exchange.keys),
    ),
    Difference(
        "code-points",
        (V0,),
        "sorts by UTF-16 code units, and so puts emoji before U+FB01",
        "sorts by code points, and so after it",
        "It is the order of PostgreSQL's C collation, which an index serves; only characters beyond U+FFFF differ.",
        ordered(_astral),
    ),
    Difference(
        "scripts",
        (V0,),
        "wraps any answer in a script for `callback=`",
        "ignores it",
        "It lets any page read patients past CORS.",
        _unwrapped,
    ),
)
