"""How a row takes out of two answers what it explains. Pure.

What is left must be equal: so a row explains nothing that it does not name, least of all a record that one side lacks,
has on top, or has otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from app.cutover.comparable import Version, exact, same
from app.cutover.differences.exchange import Exchange, Filter, Record, total
from app.cutover.differences.ours import ours_meets
from app.cutover.differences.readings import theirs_has

Reduction = Callable[[Exchange], Exchange]
When = Callable[[Exchange], bool]
Odd = Callable[[Exchange, Filter, Record], bool]


class Difference(NamedTuple):
    """One row. `theirs` follows the words "json-server ...", `ours` the words "this server ..."."""

    name: str
    releases: tuple[Version, ...]
    theirs: str
    ours: str
    why: str
    reduced: Reduction
    """The exchange without what the row explains of it; the same object if that is nothing."""


def answered(when: When) -> Reduction:
    """The row is about one answer as a whole: its status, or what a write has made of a body."""
    return lambda exchange: exchange.level() if when(exchange) else exchange


def statuses(theirs: int, ours: int, when: When = lambda _: True) -> Reduction:
    return answered(lambda exchange: exchange.statuses == (theirs, ours) and when(exchange))


def either(*reductions: Reduction) -> Reduction:
    """One after the other."""

    def reduced(exchange: Exchange) -> Exchange:
        for one in reductions:
            exchange = one(exchange)
        return exchange

    return reduced


# --- which records are in a list


def selected(odd: Odd) -> Reduction:
    """Takes a record out that only one side has, if it is one that the two find otherwise by some filter: one of theirs
    that ours does not find, or one of ours that theirs does not."""

    def found(exchange: Exchange, record: Record, theirs: bool) -> bool:
        at_odds = [one for one in exchange.filters if odd(exchange, one, record)]
        return any(not ours_meets(exchange, one, record) for one in at_odds) if theirs else bool(at_odds)

    return chosen(found)


def chosen(odd: Callable[[Exchange, Record, bool], bool]) -> Reduction:
    """The same for a row that looks at more than filters; it is told whether it is a record of theirs.

    Never one that they ought to have by their own rules. And where both have a record of which the row says that one
    of them has not, its reading of the request is wrong: it explains nothing.
    """

    def reduced(exchange: Exchange) -> Exchange:
        if exchange.lists is None:
            return exchange
        theirs, ours = exchange.lists
        kept = _without(theirs, ours, lambda one: odd(exchange, one, True))
        left = _without(ours, theirs, lambda one: odd(exchange, one, False) and not theirs_has(exchange, one))
        gone = len(theirs) + len(ours) - len(kept) - len(left)
        return _shifted(exchange, kept, left) if gone else exchange

    return reduced


def _without(listed: list[Record], others: Sequence[Record], odd: Callable[[Record], bool]) -> list[Record]:
    known = {str(one.get("id")) for one in others}
    common, alone = ([one for one in listed if (str(one.get("id")) in known) is both] for both in (True, False))
    if not alone or any(map(odd, common)):
        return listed
    gone = {id(one) for one in alone if odd(one)}
    return [one for one in listed if id(one) not in gone]


def _shifted(exchange: Exchange, theirs: list[Record], ours: list[Record]) -> Exchange:
    """A page of which records were taken out may go on in the other answer, or begin there."""
    if exchange.windowed and _overlap(theirs, ours):
        ours = theirs
    return exchange.having(theirs, ours)


# --- where records are


def ordered(when: When, *, as_long: bool = True) -> Reduction:
    """The same records in another order; of a page, which then has others, of as many, and as many if it is as long."""

    def reduced(exchange: Exchange) -> Exchange:
        if exchange.lists is None or not when(exchange):
            return exchange
        theirs, ours = exchange.lists
        if sorted(map(exact, theirs)) == sorted(map(exact, ours)):
            return replace(exchange, ours=exchange.ours._replace(body=exchange.theirs.body))
        fits = len(theirs) == len(ours) or not as_long
        alike = fits and not changed(theirs, ours) and _of_as_many(exchange, theirs, ours)
        return exchange.having(theirs, theirs) if exchange.windowed and alike else exchange

    return reduced


def windows(when: When) -> Reduction:
    """Two pages, or a page and a list, of one list: where both have a place they have the same record there."""

    def reduced(exchange: Exchange) -> Exchange:
        if exchange.lists is None or not when(exchange):
            return exchange
        theirs, ours = exchange.lists
        fits = not changed(theirs, ours) and _of_as_many(exchange, theirs, ours) and _overlap(theirs, ours)
        return exchange.having(theirs, theirs) if fits else exchange

    return reduced


def framed(when: When) -> Reduction:
    """The same records, of as many; links and numbers of pages differ."""

    def reduced(exchange: Exchange) -> Exchange:
        said = {total(exchange.theirs), total(exchange.ours)} - {None}
        alike = exchange.lists is not None and same(*exchange.lists) and len(said) < 2
        return exchange.level() if alike and when(exchange) else exchange

    return reduced


def emptied(when: When) -> Reduction:
    """Both have nothing, and say otherwise on how many pages."""
    return answered(lambda exchange: exchange.lists == ([], []) and when(exchange))


def _of_as_many(exchange: Exchange, theirs: Sequence[Record], ours: Sequence[Record]) -> bool:
    """Both lists have as many records; where an answer does not say so, no record alone makes the difference."""
    said = total(exchange.theirs), total(exchange.ours)
    apart = {str(one.get("id")) for one in theirs}.isdisjoint(str(one.get("id")) for one in ours)
    return said[0] == said[1] if None not in said else apart or not is_of_one_record(theirs, ours)


def changed(theirs: Sequence[Record], ours: Sequence[Record]) -> bool:
    """Whether a record of one id is two."""
    known = {str(one.get("id")): exact(one) for one in theirs}
    return any(known.get(str(one.get("id")), exact(one)) != exact(one) for one in ours)


def _overlap(theirs: Sequence[Record], ours: Sequence[Record]) -> bool:
    """Whether both can be pieces of one list: nothing in common, or the end of one is the beginning of the other."""
    one, other = [list(map(exact, listed)) for listed in (theirs, ours)]
    return set(one).isdisjoint(other) or any(_meets(one, other, shift) for shift in range(-len(other), len(one)))


def _meets(one: Sequence[str], other: Sequence[str], shift: int) -> bool:
    a, b = one[max(shift, 0) :], other[max(-shift, 0) :]
    length = min(len(a), len(b))
    common = set(one) & set(other)
    return length >= len(common) > 0 and a[:length] == b[:length]


def is_of_one_record(theirs: Sequence[Record], ours: Sequence[Record]) -> bool:
    """Whether a record that one side lacks, has on top, or has otherwise would leave just this."""
    one, other = [list(map(exact, listed)) for listed in (theirs, ours)]
    ways = (*_mended(one, other), *_mended(other, one))
    return one != other and any(_close(*way) for way in ways)


def _mended(one: list[str], other: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Both from where they first differ, without the record of the first there, or of both."""
    place = next((n for n, (a, b) in enumerate(zip_longest(one, other)) if a != b), len(one))
    yield one[place + 1 :], other[place:]
    yield one[place + 1 :], other[place + 1 :]


def _close(one: list[str], other: list[str]) -> bool:
    """Equal, but for the one that a page has been filled up with."""
    return one == other or one == other[:-1] or one[:-1] == other
