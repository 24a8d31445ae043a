"""One request, what both sides answered, and what is declared of the records: all that a row may look at. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from app.cutover.comparable import Comparable, Version, parsed, with_text_ids
from app.cutover.differences.values import at, shown

Record = dict[str, Any]

V0: Version = "0.17.4"
B3: Version = "1.0.0-beta.3"
B15: Version = "1.0.0-beta.15"
BETAS = (B3, B15)
ALL = (V0, B3, B15)

SLICE = frozenset({"_limit", "_start", "_end"})
WINDOW = SLICE | {"_page", "_per_page"}
RELATIONS = frozenset({"_embed", "_expand"})
PARAMETERS = WINDOW | RELATIONS | {"_sort", "_order", "_where", "q"}
LOOSE = ("_gt", "_lt", "_eq", "_in", "_contains", "_startsWith", "_endsWith")
"""Operators only behind declared fields: an undeclared one may be called `checked_in`."""
_OPERATOR = re.compile(r"(.+)(_(?:ne|gte|lte|gt|lt|eq|in|contains|startsWith|endsWith|like)|:\w+)", re.DOTALL)
_INDEX = re.compile(r"\[[^\]]*\]$")


class Shape(NamedTuple):
    """What is declared of one list: fields by the kind of their values, by their names on the wire."""

    path: str
    texts: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    truths: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
    numbered: bool = False
    """Whether its ids are numbers."""
    noun: str = ""
    """One of them: `doctor`, which `doctorId` points at."""

    @property
    def declared(self) -> frozenset[str]:
        return self.texts | self.numbers | self.truths | self.others


NOTHING = Shape("")


class Filter(NamedTuple):
    """`field`, `spelling` ("", "_gte", ":gte") and value of a parameter that is no other."""

    field: str
    spelling: str
    value: str
    key: str
    is_text: bool = True
    """Not what `_where` compares with a number, true, false or null."""

    @property
    def operator(self) -> str:
        return self.spelling[1:] or "eq"

    def of(self, record: Record) -> Any:
        """What a record has of its field; None if it has not."""
        return at(record, self.field)


@dataclass(frozen=True)
class Exchange:
    """`theirs` is the json-server's answer, `ours` this server's. `body` is a JSON value, or bytes that are none."""

    version: Version
    method: str
    target: str
    body: Any
    theirs: Comparable
    ours: Comparable
    media_type: str = ""
    shapes: Sequence[Shape] = ()

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The parts of the address, decoded: `("doctors", "7")`."""
        return tuple(map(unquote, self.target.partition("?")[0].strip("/").split("/")))

    @cached_property
    def pairs(self) -> Sequence[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True, errors="surrogateescape")

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.pairs)

    def first(self, key: str) -> str:
        return next((value for name, value in self.pairs if name == key), "")

    @property
    def fields(self) -> Record:
        """The body's, if it is a JSON object."""
        sent = parsed(self.body) if isinstance(self.body, bytes) else self.body
        return sent if isinstance(sent, dict) else {}

    @cached_property
    def shape(self) -> Shape:
        """Of the list whose records are answered, the nested one of `/doctors/7/visits`."""
        name = self.path[2] if len(self.path) == 3 else self.path[0]
        return next((one for one in self.shapes if one.path == name), NOTHING)

    @cached_property
    def filters(self) -> Sequence[Filter]:
        named = [(_INDEX.sub("", key), value) for key, value in self.pairs if key not in ("", "q") and key[:1] != "_"]
        where = self.where if self.version == B15 else None
        return [*(Filter(*self._split(key), value, key) for key, value in named), *_conditions(where)]

    @cached_property
    def where(self) -> Any:
        """The value of `_where`; bytes if it is none."""
        return parsed(self.first("_where").encode(errors="replace"))

    @property
    def repeats_in_a_page(self) -> bool:
        """Whether a page is asked for, and something twice."""
        names = [name.partition("[")[0] for name, _ in self.pairs]
        return "_page" in self.keys and len(set(names)) < len(names)

    def _split(self, key: str) -> tuple[str, str]:
        match = _OPERATOR.fullmatch(key)
        if not match or (match[2] in LOOSE and match[1] not in self.shape.declared):
            return key, ""
        return match[1], match[2]

    @property
    def statuses(self) -> tuple[int, int]:
        return self.theirs.status, self.ours.status

    @property
    def writes(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH", "DELETE")

    @property
    def windowed(self) -> bool:
        return not WINDOW.isdisjoint(self.keys)

    @cached_property
    def lists(self) -> tuple[list[Record], list[Record]] | None:
        """The records of both answers, where both are lists or pages of them."""
        theirs, ours = records(self.theirs), records(self.ours)
        return None if theirs is None or ours is None or self.method != "GET" else (theirs, ours)

    @property
    def seen(self) -> list[Record]:
        """Every record of both answers."""
        return [] if self.lists is None else [*self.lists[0], *self.lists[1]]

    @property
    def has_nothing_of_theirs(self) -> bool:
        return self.lists is not None and not self.lists[0]

    @property
    def has_nothing_of_ours(self) -> bool:
        return self.lists is not None and not self.lists[1]

    def having(self, theirs: list[Record], ours: list[Record]) -> "Exchange":
        """The same with these lists in the answers, and nothing about pages."""
        return replace(self, theirs=Comparable(self.theirs.status, theirs), ours=Comparable(self.ours.status, ours))

    def with_text_ids(self) -> "Exchange":
        """The same with ids as texts, but for those that are declared as numbers."""
        numbered = [one.path for one in self.shapes if one.numbered]
        theirs, ours = (
            answer._replace(body=with_text_ids(answer.body, numbered, self.shape.path))
            for answer in (self.theirs, self.ours)
        )
        return replace(self, theirs=theirs, ours=ours)

    def level(self) -> "Exchange":
        """The same, as if this server had answered as the json-server did."""
        return replace(self, ours=self.theirs)


def _conditions(where: Any, path: str = "") -> Iterator[Filter]:
    """Those of `_where`, as they would stand in an address."""
    for name, rule in where.items() if isinstance(where, dict) else ():
        if name == "or":
            yield from (one for group in (rule if isinstance(rule, list) else ()) for one in _conditions(group, path))
        elif isinstance(rule, dict):
            yield from _conditions(rule, f"{path}{name}.")
        elif path:
            yield Filter(path.rstrip("."), f":{name}", shown(rule), "_where", isinstance(rule, str))


def records(answer: Comparable) -> list[Record] | None:
    """Those of a list, or of a page's envelope."""
    found = answer.body.get("data") if isinstance(answer.body, dict) else answer.body
    is_list = answer.status == 200 and isinstance(found, list) and all(isinstance(one, dict) for one in found)
    return found if is_list else None


def total(answer: Comparable) -> str | None:
    """How many records the whole list has, where the answer says so."""
    found = answer.body.get("items") if isinstance(answer.body, dict) else answer.total
    return None if found is None else str(found)
