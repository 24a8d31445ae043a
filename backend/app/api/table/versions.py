"""A record's history for people: what each change made of which field. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from app.api.table.cells import text

Version = Mapping[str, Any]


class Difference(NamedTuple):
    """What a field was, and what it became; "" where there was none."""

    field: str
    before: str
    after: str


class Step(NamedTuple):
    """One version: its number, what happened, when and by whom ("": not known), what that changed, and whether it is
    one that can be brought back."""

    number: int
    change: str
    at: str
    by: str
    differences: Sequence[Difference]
    usable: bool


def steps(versions: Sequence[Version]) -> list[Step]:
    """Of versions as `/history` has them, newest first. Of the oldest one nothing is known that it changed."""
    pairs = zip_longest(versions, versions[1:])
    return [_step(version, earlier, version is not versions[0]) for version, earlier in pairs]


def _step(version: Version, earlier: Version | None, over: bool) -> Step:
    record = version["record"]
    differences = list(_differences(earlier["record"] if earlier else None, record))
    told = version["version"], version["change"], version["at"] or "", version["by"] or ""
    return Step(*told, differences, over and record is not None)


def _differences(before: Version | None, after: Version | None) -> Iterator[Difference]:
    if before is None or after is None:
        return
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield Difference(name, *("" if one.get(name) is None else text(one[name]) for one in (before, after)))
