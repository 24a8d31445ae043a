"""A table's address: what it shows, the request that it stands for, and the addresses that lead on from it. Pure.

It is the list's own query string and one parameter more, `_hide`, a column that is not shown. What the form sends
beside it, a filter in three parts, has a shorter address (`canonical`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from app.dialect.query import SPELLINGS, Dialect, ListQuery, parse, spelled
from app.resource.javascript import parse_int

Pair = tuple[str, str]

HIDE = "_hide"
PARTS = ("_field", "_operator", "_value")  # of one filter, as the form sends it
NEARLY = "_nearly"  # as the form sends it, where `q` is to be forgiving
SEARCH, FORGIVING = "q", "q:similar"
SIZE, MOST = 50, 500  # records on a page
_SIZES: Mapping[Dialect, str] = {"0.17": "_limit", "1": "_per_page"}
_WINDOW = ("_page", *_SIZES.values())
_SLICES = ("_start", "_end")

# Operator as it is written here -> in words, in the order of use.
_WORDS: Mapping[str, str] = {
    "": "is",
    "_ne": "is not",
    "_contains": "contains",
    "_startsWith": "begins with",
    "_endsWith": "ends with",
    "_gte": "is at least",
    "_lte": "is at most",
    "_gt": "is above",
    "_lt": "is below",
    "_in": "is one of",
    "_like": "matches",
    ":similar": "is nearly",
}
_OTHERS = {f":{name.removeprefix('_') or 'eq'}" for name in _WORDS} | {"_eq"}  # mean the same
OPERATORS = {**_WORDS, **{one: one[1:] for one in SPELLINGS if one not in {*_WORDS, *_OTHERS}}}


class Filter(NamedTuple):
    """One filter: its field, its operator as spelled, what that is in words, its value, and the address without it."""

    field: str
    spelling: str
    words: str
    value: str
    without: str


@dataclass(frozen=True)
class State:
    """A table's query string in pairs, decoded, in order."""

    pairs: tuple[Pair, ...]
    declared: Collection[str]
    dialect: Dialect
    """The server's own, where a query does not tell."""

    @property
    def address(self) -> str:
        """Behind the table's path."""
        return _query(self.pairs)

    @property
    def request(self) -> str:
        """Behind the list's path: the request that this stands for."""
        return _query(pair for pair in self.pairs if pair[0] != HIDE)

    @property
    def query(self) -> ListQuery:
        """What it says beside its page."""
        return parse(self.without(HIDE, *_WINDOW).request[1:], self.dialect, self.declared)

    @property
    def page(self) -> int:
        return max(1, parse_int(self.value("_page")) or 1)

    @property
    def size(self) -> int:
        return min(max(1, parse_int(self.value("_limit") or self.value("_per_page")) or SIZE), MOST)

    @property
    def shown(self) -> bytes:
        """The query string of the records that the page shows: its request, and always of one page."""
        return self._at(self.page).request[1:].encode()

    @property
    def hidden(self) -> set[str]:
        return {value for name, value in self.pairs if name == HIDE}

    @property
    def narrowed(self) -> bool:
        """Whether it may leave out records."""
        return bool(self.searched or self.value("_where") or self.filters())

    @property
    def searched(self) -> str:
        """What is looked for in every field."""
        return self.value(SEARCH) or self.nearly

    @property
    def nearly(self) -> str:
        """The same, if what is nearly that will do."""
        return "" if self._filter(FORGIVING) else self.value(FORGIVING)

    def filters(self) -> list[Filter]:
        return [
            Filter(*found, OPERATORS.get(found[1]) or found[1][1:], value, self._but(place))
            for place, (name, value) in enumerate(self.pairs)
            if (found := self._filter(name))
        ]

    def kept(self) -> list[Pair]:
        """What the form must send along: all that is none of its own fields."""
        own = {SEARCH, FORGIVING, "_page"}
        return [pair for pair in self.pairs if pair[0] not in own and not self._filter(pair[0])]

    def value(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")

    def _at(self, page: int) -> "State":
        return self.without(*_WINDOW).plus(("_page", str(page)), (_SIZES[self.query.dialect], str(self.size)))

    def turned(self, page: int) -> str:
        """The address of another page; the first needs no number."""
        size = _SIZES[self.query.dialect]
        short = self.without(*_WINDOW).plus(*([(size, str(self.size))] if self.size != SIZE else []))
        return (self._at(page) if page > 1 else short).address

    def sorted_by(self, field: str, ways: Sequence[str]) -> tuple[str, str]:
        """How the field sorts the table, "" or one of `ways`, and the address of what comes after that."""
        sort = self.query.sort
        now = ways[sort[0].descending] if sort and sort[0].field == field else ""
        after = {"": field, ways[0]: f"-{field}"}.get(now)
        rest = self.without("_sort", "_order", *_WINDOW)
        return now, (rest.plus(("_sort", after)) if after else rest).address

    def toggled(self, field: str) -> str:
        """The address with this column, or without it."""
        rest = tuple(pair for pair in self.pairs if pair != (HIDE, field))
        return self._of(rest).address if field in self.hidden else self.plus((HIDE, field)).address

    def only(self, *filters: Pair) -> str:
        """The address with these filters in the place of the same fields' others."""
        fields = {spelled(name, self.declared) for name, _ in filters}
        names = {found[0] for found in fields if found}
        rest = [pair for pair in self.pairs if (self._filter(pair[0]) or ("",))[0] not in names]
        return self._of(tuple(rest)).without("_page").plus(*filters).address

    def without(self, *names: str) -> "State":
        return self._of(tuple(pair for pair in self.pairs if pair[0] not in names))

    def plus(self, *pairs: Pair) -> "State":
        return self._of((*self.pairs, *pairs))

    def _of(self, pairs: tuple[Pair, ...]) -> "State":
        return State(pairs, self.declared, self.dialect)

    def _filter(self, name: str) -> tuple[str, str] | None:
        searches = name == FORGIVING and SEARCH not in self.declared
        return None if name == HIDE or searches else spelled(name, self.declared)

    def _but(self, place: int) -> str:
        return self._of(self.pairs[:place] + self.pairs[place + 1 :]).without("_page").address


def canonical(query_string: bytes, declared: Collection[str], dialect: Dialect) -> tuple[State, bool]:
    """What a query string says in its shortest words, no empty value, no first page, a filter under one name; and
    whether these are its words."""
    sent = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True)
    parts = ([value for name, value in sent if name == part] for part in PARTS)
    search = FORGIVING if (NEARLY, "1") in sent and SEARCH not in declared else SEARCH
    kept = (pair for pair in sent if pair[0] not in (*PARTS, *_SLICES, NEARLY))
    whole = [(search if name == SEARCH else name, value) for name, value in kept]
    threes = zip_longest(*parts, fillvalue="")
    filters = [(_named(field, spelling, declared), value) for field, spelling, value in threes]
    pairs = [pair for pair in [*_ahead(whole), *filters, *_behind(whole)] if all(pair) and pair != ("_page", "1")]
    short = tuple(dict.fromkeys(pairs))
    return State(short, declared, dialect), short == tuple(sent)


def _ahead(pairs: Sequence[Pair]) -> Iterator[Pair]:
    return (pair for pair in pairs if not pair[0].startswith("_"))


def _behind(pairs: Sequence[Pair]) -> Iterator[Pair]:
    return (pair for pair in pairs if pair[0].startswith("_"))


def _named(field: str, spelling: str, declared: Collection[str]) -> str:
    """A filter's name. Behind a field that nobody declared only a colon means every operator."""
    if not field or spelling not in {*OPERATORS, *SPELLINGS}:
        return ""
    found = spelled(field + spelling, declared)
    return field + spelling if found == (field, spelling) else f"{field}:{spelling[1:]}"


def _query(pairs: Sequence[Pair] | Iterator[Pair]) -> str:
    text = urlencode(list(pairs), quote_via=quote, safe=":,-")
    return text and f"?{text}"
