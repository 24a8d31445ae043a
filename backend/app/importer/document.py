"""db.json's shape: an object of collections. Yields the records of the declared ones; names the rest with counts."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from app.importer.json_text import BLANK, Broken, demand_json
from app.importer.place import Place
from app.importer.plain import MOST
from app.importer.source import NotJSON, Source, Unreadable
from app.resource.record import printable

_TYPES = {b"{": "an object", b"[": "a list", b'"': "a text", b"t": "true", b"f": "false", b"n": "null"}
_TYPES |= dict.fromkeys([b"-", *(b"%d" % digit for digit in range(10))], "a number")
_IGNORED = {"$schema"}  # an editor's hint; json-server drops it too
_TO_NEXT_OBJECT = re.compile(BLANK + b"," + BLANK + rb"\{")


class Cut(NamedTuple):
    """One element of a list, as its bytes stand in the file, and where it begins."""

    raw: bytes
    place: Place


class Unserved(NamedTuple):
    """A collection of the file that is not declared and stays there. `records`: elements of a list, else 1."""

    name: str
    type: str
    records: int

    @property
    def reason(self) -> str:
        return "this server does not declare it" if self.type == "list" else "it is no list of records"


class Document:
    """One db.json, of which some collections are wanted. Read to its end; then `unserved` is complete."""

    def __init__(self, source: Source, wanted: Collection[str]) -> None:
        self.source = source
        self.unserved: list[Unserved] = []
        self._wanted = wanted

    def lists(self) -> Iterator[str]:
        """The names of the wanted lists, in the file's order; who is given one takes its elements, which are next.

        Raises `Unreadable` for a file that is not one JSON object with at least one of them.
        """
        found = False
        for name in self.members():
            if name in self._wanted:
                found = True
                yield name
            else:
                self.pass_over(name)
        if not found:
            raise Unreadable(f"the file has no list {' or '.join(self._wanted)}{self._found_instead()}")

    def members(self) -> Iterator[str]:
        """The names of the document's members; who is given one takes the value, which is next.

        Raises `Unreadable` for a file that is not one JSON object, or has a wanted name twice.
        """
        self._open()
        found = set[str]()
        for _ in self.source.items(b"}"):
            name, at = self._name()
            if name in found:
                raise self.source.unreadable(f"{name} stands twice in the file", at)
            found |= {name} & set(self._wanted)
            yield name
        if self.source.peek():
            message = "something follows the end of the document: one JSON object is wanted"
            raise self.source.unreadable(message, self.source.at)

    def pass_over(self, name: str) -> None:
        """Take a collection that is not for us, and note it."""
        kind, records = self._pass_over()
        if name not in _IGNORED:
            self.unserved.append(Unserved(name, kind, records))

    def pass_over_list(self, name: str) -> int:
        """Take a wanted list unread. How many elements it has."""
        self._demand_list(name)
        return sum(1 for _ in self._values())

    def elements(self, name: str, plain: Callable[[bytes], list[str] | None]) -> Iterator[list[str] | Cut]:
        """The elements of a wanted list in file order: rows of those that are `plain`, any other as it stands.

        Meanwhile `source.at` is the first one's, and behind it when the next is asked for.
        """
        self._demand_list(name)
        source, plain_ones = self.source, _PlainOnes(self.source, plain)
        for _ in source.items(b"]"):
            source.peek()
            if rows := plain_ones.rows():
                yield rows
                source.at = plain_ones.end
            else:
                place = source.place(source.at)
                yield (cut := Cut(source.value(), place))
                plain_ones.learn(cut)

    def refuse(self, cut: Cut, error: Broken) -> Unreadable:
        """The error for an element that turned out to be no JSON."""
        before = cut.raw[: error.at]
        offset = self.source.offset - len(cut.raw) + error.at
        return NotJSON(f"not JSON: {error.message}", cut.place.after(before), offset)

    def _open(self) -> None:
        first = self.source.peek()
        if not first:
            raise Unreadable("the file is empty")
        if first != b"{":
            wanted = f'an object is wanted: {{"{next(iter(self._wanted))}": [...]}}'
            if first not in _TYPES:
                raise self.source.broken(f"Expecting value; {wanted}", self.source.at)
            raise self.source.unreadable(f"the file holds {_TYPES[first]}; {wanted}", self.source.at)

    def _demand_list(self, name: str) -> None:
        source = self.source
        if (first := source.peek()) not in _TYPES:
            raise source.broken("Expecting value", source.at)
        if first != b"[":
            raise source.unreadable(f"{name} is {_TYPES[first]}; a list is wanted", source.at)

    def _name(self) -> tuple[str, int]:
        """A member's name and the offset of its value, which is next."""
        source = self.source
        if source.peek() != b'"':
            raise source.broken("Expecting property name enclosed in double quotes", source.at)
        name: str = json.loads(self._sound(), strict=False)
        if source.peek() != b":":
            raise source.broken("Expecting ':'", source.at)
        source.at += 1
        source.peek()
        return name, source.at

    def _pass_over(self) -> tuple[str, int]:
        """Take a value that is not for us, item by item so that its size does not matter; its type and count."""
        first = self.source.peek()
        if first == b"[":
            elements = Counter(raw[:1] == b"{" for raw in self._values())
            return "list of values" if elements[False] else "list", elements.total()
        if first == b"{":
            for _ in self.source.items(b"}"):
                self._name()
                self._sound()
            return "object", 1
        self._sound()
        return "value", 1

    def _values(self) -> Iterator[bytes]:
        """The elements of a list, each as it stands."""
        return (self._sound() for _ in self.source.items(b"]"))

    def _sound(self) -> bytes:
        """Take a value that is JSON."""
        self.source.peek()
        place = self.source.place(self.source.at)
        raw = self.source.value()
        try:
            demand_json(raw)
        except Broken as error:
            raise self.refuse(Cut(raw, place), error) from None
        return raw

    def _found_instead(self) -> str:
        names = ", ".join(printable(collection.name) for collection in self.unserved)
        return f"; it has: {names}" if names else ""


class _PlainOnes:
    """As many whole elements as are likely to stand in the window, ending where such as the last one ended.

    If it is a wrong guess they are no JSON, and so are not plain; then each of them is taken alone.
    """

    def __init__(self, source: Source, plain: Callable[[bytes], list[str] | None]) -> None:
        self._source, self._plain = source, plain
        self._between, self._tried = b"", 0
        self.end = 0

    def rows(self) -> list[str] | None:
        source = self._source
        if not self._between or source.offset < self._tried:
            return None
        self.end = source.window.rfind(self._between, source.at, source.at + MOST) + 1
        self._tried = source.offset + max(0, self.end - source.at)
        return self._plain(source.window[source.at : self.end]) if self.end else None

    def learn(self, cut: Cut) -> None:
        """See what stands between an object and the next one. The source is behind the first."""
        match = _TO_NEXT_OBJECT.match(self._source.window, self._source.at)
        if match and cut.raw.endswith(b"}"):
            self._between = b"}" + match[0]


def cuts(source: Source) -> Iterator[Cut]:
    """The elements of a list from the one on that is next in the source, to its end."""
    while True:
        source.peek()
        place = source.place(source.at)
        yield Cut(source.value(), place)
        if source.peek() != b",":
            return
        source.at += 1
