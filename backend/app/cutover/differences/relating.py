"""Rows about collections that know one another by their keys. Pure."""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from app.cutover.comparable import same
from app.cutover.differences.exchange import BETAS, V0, Exchange, Filter, Record
from app.cutover.differences.reductions import (
    Difference,
    Reduction,
    When,
    answered,
    either,
    ordered,
    selected,
    statuses,
)
from app.cutover.differences.values import at, meets, shown


def _asks_within(exchange: Exchange) -> bool:
    """Filters or sorts by a field of what it embeds: `doctor.name`."""
    inner = tuple(f"{name}." for key, name in exchange.pairs if key == "_embed" and name)
    return bool(inner) and any(key.startswith(inner) or value.startswith(inner) for key, value in exchange.pairs)


def _inner(exchange: Exchange, one: Filter, record: Record) -> bool:
    found = at(record, one.field)
    return _asks_within(exchange) and "." in one.field and not meets(found, one.operator, one.value)


def _expands(exchange: Exchange) -> bool:
    return exchange.method == "GET" and "_expand" in exchange.keys


def _reads_alike(exchange: Exchange) -> bool:
    """A nested POST: the same texts, of which some are numbers in ours."""
    theirs, ours = exchange.theirs.body, exchange.ours.body
    if not isinstance(theirs, dict) or not isinstance(ours, dict) or theirs.keys() != ours.keys():
        return False
    odd = [name for name in ours if not same(theirs[name], ours[name])]
    return bool(odd) and all(theirs[name] == shown(ours[name]) for name in odd)


Ids = Mapping[str, Container[str]]
"""By noun, the ids that there are."""


def _left(odd: Callable[[Mapping[str, Any], Ids], bool], when: When) -> Reduction:
    """Of what is there after a DELETE, a list of all lists: takes the records out that theirs has removed besides."""

    def reduced(exchange: Exchange) -> Exchange:
        theirs, ours = exchange.theirs.body, exchange.ours.body
        both = isinstance(theirs, list) and isinstance(ours, list) and exchange.method == "DELETE"
        if not both or not when(exchange):
            return exchange
        named = zip(exchange.shapes, ours, strict=True)
        ids = {shape.noun: {shown(one.get("id")) for one in listed} for shape, listed in named}
        kept = [[one for one in a if one in b or not odd(one, ids)] for a, b in zip(ours, theirs, strict=True)]
        return replace(exchange, ours=exchange.ours._replace(body=kept)) if kept != ours else exchange

    return reduced


def _is_orphan(record: Mapping[str, Any], ids: Ids) -> bool:
    return any(shown(record[f"{noun}Id"]) not in ids[noun] for noun in ids if f"{noun}Id" in record)


def _has_no_parent(record: Mapping[str, Any], ids: Ids) -> bool:
    return any(record.get(f"{noun}Id", ...) is None for noun in ids)


RELATING: tuple[Difference, ...] = (
    Difference(
        "missing-parents",
        (V0,),
        "answers 500 to `_expand` if some record of the answer has no such key, or null",
        "leaves the parent out, as where nobody has that id",
        "A read is never an error.",
        statuses(500, 200, _expands),
    ),
    Difference(
        "fields-of-what-is-embedded",
        BETAS,
        "filters and sorts also by the fields of what is embedded: `_embed=doctor&_sort=doctor.name`",
        "does so by the record's own",
        "A page is found first, by an index where there is one; only its records are looked up elsewhere.",
        either(selected(_inner), ordered(_asks_within)),
    ),
    Difference(
        "filled-keys",
        (V0,),
        "makes the key in a nested POST text, also where ids are numbers, and then does not embed the record",
        "makes it a number where the field is one",
        "The record was sent to be found there.",
        answered(lambda x: x.method == "POST" and len(x.path) == 3 and x.statuses == (201, 201) and _reads_alike(x)),
    ),
    Difference(
        "orphans",
        (V0,),
        "removes on DELETE, beside what belongs to the record, whatever else has a key that is nobody's id, in every"
        " collection, and answers 500 if a key is null",
        "removes what belongs to the record, in the same transaction, and nothing else",
        "Nobody asked for the others to be deleted.",
        either(statuses(500, 200, lambda x: x.method == "DELETE"), _left(_is_orphan, lambda _: True)),
    ),
    Difference(
        "null-keys",
        BETAS,
        "removes with `_dependent` also those whose key was null before",
        "removes those that belong to the record",
        "Nobody asked for the others to be deleted.",
        _left(_has_no_parent, lambda exchange: "_dependent" in exchange.keys),
    ),
)
