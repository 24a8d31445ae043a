"""What a list request may have meant by what means nothing: a parameter, what it sorts by, what `_where` has. Pure.

A hint repeats names and never a value that is compared: it may be somebody's name.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple
from urllib.parse import quote

from app.dialect.conditions import unread
from app.dialect.filters import leaves
from app.dialect.forgiving import EVERYWHERE
from app.dialect.query import PARAMETERS, SPELLINGS, ListQuery, spelled
from app.dialect.scoring import SCORE
from app.resource.strict_json import unstorable

_MOST = 3  # names of one request that are told
_MEANT = PARAMETERS | {f"{EVERYWHERE}:similar"}
_SORT, _WHERE = "_sort", "_where"
_KNOWN: Mapping[str, Collection[str]] = {"": _MEANT, _SORT: {SCORE}, _WHERE: ()}  # of no field, by where they stand
_LONGEST = 64  # characters; what is longer is no misspelt name


class Doubt(NamedTuple):
    """A name that means nothing unless some record has a field of it; None: in no case.

    `within`: the parameter that names it; empty: it is one itself.
    """

    name: str
    field: str | None
    within: str = ""


def doubts(query: ListQuery, declared: Collection[str], owned: Collection[str]) -> list[Doubt]:
    """The first few. `owned`: the field that the address has a value for, if it has."""
    known = {*declared, *owned}
    return list(dict.fromkeys(one for one in _named(query, declared) if _doubtful(one, known)))[:_MOST]


def _named(query: ListQuery, declared: Collection[str]) -> Iterator[Doubt]:
    for name, _ in query.parameters:
        yield Doubt(name, (spelled(name, declared) or (None, ""))[0])
    for one in leaves(query.conditions):
        if one.exact and one.operator != "scalar":
            yield Doubt(one.field, one.field, _WHERE)
    for key in query.sort:
        yield Doubt(key.field, key.field, _SORT)


def _doubtful(one: Doubt, known: Collection[str]) -> bool:
    field = one.field or ""
    if one.name in _KNOWN[one.within] or field in known or field.partition(".")[0] in known:
        return False
    return len(one.name) <= _LONGEST and not unstorable(one.name)


def hint(query: ListQuery, names: Sequence[Doubt], declared: Collection[str]) -> str:
    """Sentences in ASCII, fit for a header, of a `_where` that cannot be read too; empty if there is nothing to say."""
    why = unread(next((value for name, value in query.parameters if name == _WHERE), ""))
    ignored = [f"{_WHERE} {why}, and is ignored."] if why else []
    return " ".join([*ignored, *(_sentence(one, declared) for one in names)])


def _sentence(one: Doubt, declared: Collection[str]) -> str:
    meant = {name.lower(): name for name in (*_others(one.within, declared), *declared)}
    close = get_close_matches(one.name.lower(), meant, 1)
    told = f"{one.within and one.within + ': '}{_shown(one.name)} is no field"
    return told + (f"; did you mean {_shown(meant[close[0]])}?" if close else ".")


def _others(within: str, declared: Collection[str]) -> Iterator[str]:
    """What may stand there beside a field's name."""
    yield from sorted({*_KNOWN[within]} - {"", "_"})
    if not within:
        yield from (field + end for field in declared for end in SPELLINGS)


def _shown(name: str) -> str:
    return quote(name, safe=":.[]", errors="replace")
