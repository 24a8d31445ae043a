"""Whether two answers say the same, and if not, whether the table of differences says why. Pure.

Equal is what the contract tests demand of this server beside the real json-servers.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

from app.cutover.comparable import Comparable, Version, comparable, exact, parsed, same
from app.cutover.differences import Exchange, explanations
from app.cutover.differences.exchange import Shape, records
from app.cutover.exchanges import Answer, Request
from app.resource.kinds import DAY, NUMBER, TEXT, TRUTH, WHOLE, Kind
from app.resource.resource import Resource


class Verdict(NamedTuple):
    """`row`: the names of the rows that explain the difference, with commas. `place`: where it is in the answers, as
    `/3/age` or `200 and 404`; no value."""

    kind: Literal["equal", "explained", "different"]
    row: str = ""
    place: str = ""


EQUAL = Verdict("equal")


def compare(request: Request, old: Answer, new: Answer, resources: Sequence[Resource], version: Version) -> Verdict:
    """Of what both sides have answered to a request."""
    exchange = exchanged(request, old, new, resources, version)
    if same(exchange.theirs, exchange.ours):
        return EQUAL
    rows = ", ".join(row.name for row in explanations(exchange))
    return Verdict("explained" if rows else "different", rows, place(exchange.theirs, exchange.ours))


def exchanged(request: Request, old: Answer, new: Answer, resources: Sequence[Resource], version: Version) -> Exchange:
    declared = shapes(tuple(resources))
    target = f"{request.path}?{request.query}" if request.query else request.path
    body = parsed(request.body) if request.body else None
    theirs, ours = (comparable(version, one.status, one.headers, one.body) for one in (old, new))
    media_type = request.headers.get("content-type", "")
    exchange = Exchange(version, request.method, target, body, theirs, ours, media_type, declared)
    return exchange.with_text_ids()


@lru_cache(maxsize=8)
def shapes(resources: tuple[Resource, ...]) -> tuple[Shape, ...]:
    return tuple(map(_shape, resources))


def _shape(resource: Resource) -> Shape:
    def of(*kinds: Kind) -> frozenset[str]:
        return frozenset(name for name, field in resource.fields.items() if field.kind in kinds)

    texts, numbers, truths = of(TEXT, DAY), of(WHOLE, NUMBER), of(TRUTH)
    others = frozenset(resource.fields) - texts - numbers - truths
    unique = frozenset(resource.unique.values())
    return Shape(
        resource.path, texts, numbers, truths, others, unique, resource.fields["id"].kind is WHOLE, resource.noun
    )


# --- where


def place(theirs: Comparable, ours: Comparable) -> str:
    """Of the first thing that differs."""
    if theirs.status != ours.status:
        return f"{theirs.status} and {ours.status}"
    lists = records(theirs), records(ours)
    if None not in lists and not same(*lists):
        return _in_lists(*lists)
    if not same(theirs.body, ours.body):
        return _in_record(theirs.body, ours.body) or "the body"
    return "X-Total-Count" if theirs.total != ours.total else "Link"


def _in_lists(theirs: Any, ours: Any) -> str:
    number, (one, other) = next(
        (number, pair) for number, pair in enumerate(zip_longest(theirs, ours)) if not same(*pair)
    )
    is_one = one is not None and other is not None and one.get("id") == other.get("id")
    return f"/{number}{_in_record(one, other) if is_one else ''}"


def _in_record(one: Any, other: Any) -> str:
    names = differing(one, other)
    return f"/{names[0]}" if names else ""


def differing(one: Any, other: Any) -> Sequence[str]:
    """Names of the fields that two records have otherwise, and of those that one of them has not."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return []
    names = dict.fromkeys((*one, *other))
    return [name for name in names if exact(one.get(name, ...)) != exact(other.get(name, ...))]
