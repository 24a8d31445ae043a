"""What a list is sorted by, in SQL, for any resource.

Texts stand in the order of code points (0.17) or of the alphabet, as JavaScript's localeCompare has it (1.x). That is
ICU's business. Where PostgreSQL was built without it there are the three levels of the Unicode collation algorithm
(UTS 10) without its tables: letters before marks, case last; punctuation before digits before letters, and alphabets
one behind the other by code point.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from app.dialect import documents, filters
from app.dialect.collation import Collations
from app.dialect.query import Dialect, ListQuery, SortKey
from app.dialect.scoring import SCORE, score
from app.resource.fields import Field
from app.resource.kinds import TEXT
from app.resource.resource import Resource
from app.resource.strict_json import unstorable
from app.sql import Part, quoted, quoted_text


class Key(NamedTuple):
    """What is sorted by, and whether downwards."""

    part: Part
    descending: bool = False
    scored: bool = False
    """Whether it is a score, which only so many records get (`limits.RANKED`)."""


_TextOrder = Callable[[Part], Sequence[Key]]


def sort_keys(resource: Resource, query: ListQuery, collations: Collations, unseen: Collection[str] = ()) -> list[Key]:
    """The query's sort keys in turn, but for undeclared fields that nobody has. What is similar comes best first, where
    the query does not say otherwise."""
    by_text = partial(_ORDERS[query.dialect], collations)
    best = score(resource, query, quoted(collations.fold))
    if best and not query.sort and any(filters.forgiven(query.conditions)):
        return [Key(best, descending=True, scored=True)]
    sort = [key for key in query.sort if not unstorable(key.field) and key.field not in {*unseen} - {SCORE}]
    return [
        key._replace(descending=wanted.descending != key.descending)
        for wanted in sort
        for key in _keys(resource, wanted, by_text, best)
    ]


def by_alphabet(resource: Resource, query: ListQuery) -> bool:
    """Whether texts are asked for in the order that only ICU has wholly."""
    fields = [resource.fields.get(key.field) for key in query.sort]
    return query.dialect == "1" and any(not field or not field.kind.scalar or _collated(field) for field in fields)


def _keys(resource: Resource, wanted: SortKey, by_text: _TextOrder, best: Part | None) -> Sequence[Key]:
    """A field that is called as the score is sorted by as a field, also if nobody declared it."""
    own = _sorted_by(resource, wanted.field, by_text)
    if wanted.field != SCORE or SCORE in resource.fields or not best:
        return own
    known = filters.known(SCORE)
    return [
        *own,
        Key(Part(f"CASE WHEN {known.sql} THEN 0 ELSE {best.sql} END", known.values + best.values), scored=True),
    ]


def _sorted_by(resource: Resource, name: str, by_text: _TextOrder) -> Sequence[Key]:
    """Any JSON: numbers before texts before records without it, as in JavaScript."""
    field = resource.fields.get(name)
    if field and field.kind.scalar:
        return by_text(Part(field.sql)) if _collated(field) else [Key(Part(field.sql))]
    document = Part(field.sql) if field else filters.undeclared(resource, name)
    keys = [Key(documents.number_of(document)), *by_text(documents.string_of(document))]
    return keys if field else _if_known(filters.known(name), keys)


def _if_known(known: Part, keys: Sequence[Key]) -> list[Key]:
    """NULL where no record has the field: many such keys of many records would take long to find out nothing."""
    opened = f"CASE WHEN {known.sql} THEN"
    return [key._replace(part=Part(f"{opened} {key.part.sql} END", known.values + key.part.values)) for key in keys]


def _collated(field: Field) -> bool:
    return field.kind is TEXT and not field.sorts_alike


def _code_points(_: Collations, text: Part) -> Sequence[Key]:
    return [Key(text.within('{} COLLATE "C"'))]


def _alphabet(collations: Collations, text: Part) -> Sequence[Key]:
    if collations.order:
        return [Key(text.within(f"{{}} COLLATE {quoted(collations.order)}"))]
    return _three_levels(collations, text) if collations.folds else _code_points(collations, text)


_ORDERS: Mapping[Dialect, Callable[[Collations, Part], Sequence[Key]]] = {"0.17": _code_points, "1": _alphabet}


# --- without ICU

_MARKS = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"  # in CLDR's order; each becomes a character below the digits
_RANKS = "".join(map(chr, range(1, len(_MARKS) + 1)))
_FROM, _TO = quoted_text(_MARKS + "øłς"), quoted_text(_RANKS + "olσ")  # letters, too, that do not decompose
_ACCENTS = quoted_text(r"[\u0300-\u036f]")


def _three_levels(collations: Collations, text: Part) -> Sequence[Key]:
    decomposed = text.within(f"lower(normalize({{}}, NFKD) COLLATE {quoted(collations.fold)})")
    sql = f"replace(translate(regexp_replace({decomposed.sql}, {_ACCENTS}, '', 'g'), {_FROM}, {_TO}), 'ß', 'ss')"
    first = _code_points(collations, Part(sql, decomposed.values))
    return [*first, *_code_points(collations, decomposed), Key(text.within('{} COLLATE "C"'), descending=True)]
