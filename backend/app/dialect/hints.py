"""What a list request may have meant by a parameter that is neither the dialect's nor a field. Pure.

A hint repeats names and never a value: a value may be somebody's name.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple
from urllib.parse import quote

from app.dialect.forgiving import EVERYWHERE
from app.dialect.query import PARAMETERS, SPELLINGS, spelled
from app.resource.strict_json import unstorable

_MOST = 3  # parameters of one request that are told
_MEANT = PARAMETERS | {f"{EVERYWHERE}:similar"}
_LONGEST = 64  # characters; what is longer is no misspelt name


class Doubt(NamedTuple):
    """A parameter that means nothing unless some record has a field of this name; None: in no case."""

    parameter: str
    field: str | None


def doubts(parameters: Iterable[tuple[str, str]], declared: Collection[str], owned: Collection[str]) -> list[Doubt]:
    """The first few. `owned`: the field that the address has a value for, if it has."""
    found = dict.fromkeys(_doubts(parameters, declared, owned))
    return list(found)[:_MOST]


def _doubts(
    parameters: Iterable[tuple[str, str]], declared: Collection[str], owned: Collection[str]
) -> Iterator[Doubt]:
    for name, _ in parameters:
        field, _ = spelled(name, declared) or (None, "")
        known = name in _MEANT or field in owned or (field or "").partition(".")[0] in declared
        if not known and len(name) <= _LONGEST and not unstorable(name):
            yield Doubt(name, field)


def hint(names: Sequence[str], declared: Collection[str]) -> str:
    """Sentences in ASCII, fit for a header; empty if there is nothing to say."""
    meant = [*declared, *sorted(_MEANT - {"", "_"}), *(field + end for field in declared for end in SPELLINGS)]
    return " ".join(_sentence(name, get_close_matches(name, meant, 1)) for name in names)


def _sentence(name: str, close: Sequence[str]) -> str:
    return f"{_shown(name)} is no field" + (f"; did you mean {_shown(close[0])}?" if close else ".")


def _shown(name: str) -> str:
    return quote(name, safe=":.[]", errors="replace")
