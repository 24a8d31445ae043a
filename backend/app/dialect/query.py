"""Query string -> ListQuery: what the client said about a list, in whichever json-server's dialect. Pure.

Knows the reserved parameters, the operators of json-server 0.17.4, 1.0.0-beta.3 and 1.0.0-beta.15, and their tolerance
of nonsense. Knows no field of a resource: the declared names are an argument.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl

from app.dialect.conditions import OPERATORS, Condition, Either, Operator, UnsupportedQuery, where
from app.limits import PARAMETERS as MOST
from app.limits import SORT_KEYS
from app.resource.javascript import parse_int, trim

Dialect = Literal["1", "0.17"]
DEFAULT_SIZE = 10


class SortKey(NamedTuple):
    field: str
    descending: bool = False


class Page(NamedTuple):
    """1-based number, and records a page; both at least 1."""

    number: int
    size: int = DEFAULT_SIZE


class Slice(NamedTuple):
    """Array.prototype.slice(start, end): negative ones count from the end."""

    start: int
    end: int


class Owner(NamedTuple):
    """Whose a nested list is: `/doctors/1/visits` has those in which `doctorId` is 1."""

    field: str
    id: str


class ListQuery(NamedTuple):
    """A list request. `dialect` is the one its marks choose; `parameters` is all of it, decoded, in order."""

    dialect: Dialect
    conditions: tuple[Condition | Either, ...] = ()
    search: str = ""
    sort: tuple[SortKey, ...] = ()
    window: Page | Slice | None = None
    embed: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def enveloped(self) -> bool:
        """Whether the answer is json-server 1.x's page object, not an array."""
        return self.dialect == "1" and isinstance(self.window, Page)


def parse(
    query_string: str | bytes, dialect: Dialect, declared: Collection[str], owner: Owner | None = None
) -> ListQuery:
    """Read a query string as sent; `dialect` decides what its marks leave open, `declared` are the fields' names.

    An `owner` takes the place of what the query says of that field.
    Bytes that are not UTF-8 become lone surrogates, which no stored text has.
    Raises `UnsupportedQuery` above `PARAMETERS`, `SORT_KEYS` and `WHERE_DEPTH`.
    """
    parameters = _parameters(query_string)
    first = dict(reversed(parameters))
    taken = {*PARAMETERS, owner and owner.field}
    filters = [_filter(key, value, declared) for key, value in parameters if key not in taken]
    spoken = _spoken(first, {mark for _, mark in filters}, dialect)
    stated = where(first.get("_where", ""))
    asked = _grouped((one for one, _ in filters if one), spoken) if stated is None else stated
    return ListQuery(
        spoken,
        asked + _grouped([_Filter(owner.field, "eq", owner.id, "")] if owner else [], spoken),
        first.get("q", ""),
        _sort(first.get("_sort", ""), first.get("_order", "")),
        _window(first, spoken),
        _named(parameters, "_embed"),
        _named(parameters, "_expand"),
        tuple(parameters),
    )


def embeds(query_string: bytes) -> bool:
    """Whether a request for one record asks for more than that: all else in its query string means nothing."""
    return b"_embed" in query_string or b"_expand" in query_string


def dependents(query_string: bytes) -> tuple[str, ...]:
    """The collections whose records shall go with a deleted one (1.x). Raises `UnsupportedQuery` above `PARAMETERS`."""
    return _named(_parameters(query_string), "_dependent") if b"_dependent" in query_string else ()


def spelled(key: str, declared: Collection[str]) -> tuple[str, str] | None:
    """The field and the operator, as it is spelled, that a parameter's name means; None if it is no filter."""
    found, _ = _filter(key, "", declared) if key not in PARAMETERS else (None, None)
    return found and (found.field, found.spelling)


# --- parameters

# No filters: "" has no name, "_" keeps caches off. Other names with a _ in front are those of fields, `_id` say.
PARAMETERS = frozenset(("", "q", "_", "_page", "_per_page", "_limit", "_start", "_end", "_sort", "_order", "_where"))
PARAMETERS |= {"_embed", "_expand", "_dependent", "_delay"}
_INDEX = re.compile(r"(?<=.)\[[0-9]*\]$", re.DOTALL)  # qs spells a repeated parameter f[]=a or f[0]=a
_MEMBER = re.compile(r"^_filter\[(.+)\]$", re.DOTALL)  # of the object in which generated clients send operators


def _parameters(query_string: str | bytes) -> list[tuple[str, str]]:
    raw = query_string.decode("utf-8", "surrogateescape") if isinstance(query_string, bytes) else query_string
    if raw.count("&") >= MOST:
        raise UnsupportedQuery(f"There are more than {MOST} parameters in one request.")
    pairs = parse_qsl(raw, keep_blank_values=True, errors="surrogateescape")
    return [(_plain(key) if key.endswith("]") else key, value) for key, value in pairs]


def _plain(key: str) -> str:
    """Without the brackets of what means the same: `_filter[age_gte]` is `age_gte` (OpenAPI 3.1, style deepObject)."""
    return _MEMBER.sub(r"\1", _INDEX.sub("", key))


def _named(parameters: Iterable[tuple[str, str]], name: str) -> tuple[str, ...]:
    """The values that a parameter has, each once."""
    return tuple(dict.fromkeys(value for key, value in parameters if key == name and value))


# --- which dialect

_MARKS_0_17 = frozenset({"_limit", "_start", "_end", "_order", "q", "_expand"})
_MARKS_1 = frozenset({"_per_page", "_where"})


def _spoken(first: Mapping[str, str], marks: set[Dialect | None], dialect: Dialect) -> Dialect:
    if first.get("_page") and "_per_page" in first:
        return "1"
    if "0.17" in marks or not _MARKS_0_17.isdisjoint(first):
        return "0.17"
    if "1" in marks or not _MARKS_1.isdisjoint(first) or "-" in _initials(first.get("_sort", "")):
        return "1"
    return dialect


def _initials(sort: str) -> set[str]:
    return {item[:1] for item in sort.split(",")}


# --- filters

_ANYWHERE: Mapping[str, Operator] = {"ne": "ne", "gte": "gte", "lte": "lte", "like": "like"}  # 0.17 knows these
_UNDERSCORE: Mapping[str, Operator] = {  # no word of our own: it may be how a field's name ends
    name: operator for name, operator in {**OPERATORS, **_ANYWHERE}.items() if operator != "similar"
}

# Every spelling of an operator behind a declared field, for whoever describes them.
SPELLINGS: Mapping[str, str] = {f":{name}": name for name in OPERATORS} | {f"_{name}": name for name in _UNDERSCORE}


class _Filter(NamedTuple):
    """One filter parameter. `spelling` tells operators apart that are AND-ed although they mean the same."""

    field: str
    operator: Operator
    value: str
    spelling: str


def _filter(key: str, value: str, declared: Collection[str]) -> tuple[_Filter | None, Dialect | None]:
    """The filter a parameter means, None if json-server ignores it; and the dialect that its spelling marks."""
    if ":" in key:
        field, _, name = key.rpartition(":")
        return (_Filter(field, OPERATORS[name], value, ":" + name), "1") if name in OPERATORS else (None, None)
    field, _, name = key.rpartition("_")
    if field and name in (_UNDERSCORE if field in declared else _ANYWHERE):
        return _Filter(field, _UNDERSCORE[name], value, "_" + name), _mark(name)
    return _Filter(key, "eq", value, ""), None


def _mark(name: str) -> Dialect | None:
    if name in _ANYWHERE:
        return "0.17" if name == "like" else None
    return "1"


def _grouped(filters: Iterable[_Filter], dialect: Dialect) -> tuple[Condition, ...]:
    """Repeated parameters as one condition. Empty values are no filter in 1.x (beta.3), unless spelled with a colon."""
    groups: dict[tuple[str, Operator, str], list[str]] = {}
    for field, operator, value, spelling in filters:
        if value or dialect == "0.17" or spelling.startswith(":"):
            groups.setdefault((field, operator, spelling), []).extend(_values(value, spelling))
    as_text = dialect == "0.17"
    return tuple(
        Condition(field, operator, tuple(values), as_text=as_text) for (field, operator, _), values in groups.items()
    )


def _values(value: str, spelling: str) -> list[str]:
    if spelling[1:] != "in":
        return [value]
    if value.count(",") >= MOST:
        raise UnsupportedQuery(f"There are more than {MOST} values in one list.")
    return [trim(item) for item in value.split(",")]


# --- sort, page, slice


def _sort(fields: str, orders: str) -> tuple[SortKey, ...]:
    """`_sort=a,-b` with `_order=asc,desc` by position. A field's first key decides."""
    order = orders.lower().split(",")
    keys: dict[str, SortKey] = {}
    for place, item in enumerate(fields.split(",")):
        field = item.removeprefix("-")
        descending = item.startswith("-") or (place < len(order) and order[place] == "desc")
        if field:
            keys.setdefault(field, SortKey(field, descending))
        if len(keys) > SORT_KEYS:
            raise UnsupportedQuery(f"There are more than {SORT_KEYS} sort keys in one request.")
    return tuple(keys.values())


def _window(first: Mapping[str, str], dialect: Dialect) -> Page | Slice | None:
    """`_page` beats `_end` beats `_limit`. Text for a page: the first one in 0.17, no page in 1.x."""
    number = parse_int(first.get("_page", ""))
    if first.get("_page") and (number is not None or dialect == "0.17"):
        size = parse_int(first.get("_limit" if dialect == "0.17" else "_per_page", ""))
        return Page(max(number or 1, 1), size if size and size > 0 else DEFAULT_SIZE)
    return _slice(first)


def _slice(first: Mapping[str, str]) -> Slice | None:
    start = parse_int(first.get("_start", "")) or 0
    if end := first.get("_end"):
        return Slice(start, parse_int(end) or 0)
    if limit := first.get("_limit"):
        return Slice(start, start + (parse_int(limit) or 0))
    return None
