"""db.json's shape: an object of collections, one of them `patients`. Yields its records; names the rest with counts."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from app.importer.json_text import Broken, demand_json, skip_blank
from app.importer.ordinary import Ordinary
from app.importer.place import Place
from app.importer.source import NotJSON, Source, Unreadable

COLLECTION = "patients"
_TYPES = {b"{": "an object", b"[": "a list", b'"': "a text", b"t": "true", b"f": "false", b"n": "null"}
_TYPES |= dict.fromkeys([b"-", *(b"%d" % digit for digit in range(10))], "a number")
_IGNORED = {"$schema"}  # an editor's hint; json-server drops it too


class Cut(NamedTuple):
    """One element of the list, as its bytes stand in the file, and where it begins."""

    raw: bytes
    place: Place


class Collection(NamedTuple):
    """Another collection of the file, which stays there. `records`: elements of a list, 1 for anything else."""

    name: str
    type: str
    records: int


class Document:
    """One db.json. Read `records()` to its end; then `collections` is complete."""

    def __init__(self, source: Source, ordinary: Ordinary) -> None:
        self.source = source
        self.collections: list[Collection] = []
        self.ordinary = ordinary

    def records(self) -> Iterator[re.Match[bytes] | Cut]:
        """The elements of `patients` in file order: proven good ones as matches, any other as it stands.

        Raises `Unreadable` for a file that is not one JSON object with one list `patients`.
        """
        found = False
        for name in self.members():
            if name == COLLECTION:
                found = True
                yield from self._patients()
            else:
                self.pass_over(name)
        if not found:
            raise Unreadable(f"the file has no list {COLLECTION}{self._found_instead()}")

    def members(self) -> Iterator[str]:
        """The names of the document's members; who is given one takes the value, which is next.

        Raises `Unreadable` for a file that is not one JSON object, or has `patients` twice.
        """
        self._open()
        found = False
        for _ in self.source.items(b"}"):
            name, at = self._name()
            if name == COLLECTION and found:
                raise self.source.unreadable(f"{COLLECTION} stands twice in the file", at)
            found = found or name == COLLECTION
            yield name
        if self.source.peek():
            message = "something follows the end of the document: one JSON object is wanted"
            raise self.source.unreadable(message, self.source.at)

    def pass_over(self, name: str) -> None:
        """Take a collection that is not for us, and note it."""
        kind, records = self._pass_over()
        if name not in _IGNORED:
            self.collections.append(Collection(name, kind, records))

    def pass_over_list(self) -> int:
        """Take the list of patients unread. How many there are."""
        self._demand_list()
        return self._count()

    def cut(self, item: re.Match[bytes] | Cut) -> Cut:
        """The element that was just yielded, as it stands."""
        if isinstance(item, Cut):
            return item
        begin = skip_blank(item.string, item.start())
        return Cut(item.string[begin : item.end()], self.source.place(begin))

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
            wanted = f'an object is wanted: {{"{COLLECTION}": [...]}}'
            if first not in _TYPES:
                raise self.source.broken(f"Expecting value; {wanted}", self.source.at)
            raise self.source.unreadable(f"the file holds {_TYPES[first]}; {wanted}", self.source.at)

    def _patients(self) -> Iterator[re.Match[bytes] | Cut]:
        source, ordinary = self.source, self.ordinary.match
        self._demand_list()
        for _ in source.items(b"]"):
            while match := ordinary(source.window, source.at):
                source.at = match.end()
                yield match
            source.peek()
            place = source.place(source.at)
            yield Cut(source.value(), place)

    def _demand_list(self) -> None:
        source = self.source
        if (first := source.peek()) not in _TYPES:
            raise source.broken("Expecting value", source.at)
        if first != b"[":
            raise source.unreadable(f"{COLLECTION} is {_TYPES[first]}; a list is wanted", source.at)

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
            return "list", self._count()
        if first == b"{":
            for _ in self.source.items(b"}"):
                self._name()
                self._sound()
            return "object", 1
        self._sound()
        return "value", 1

    def _count(self) -> int:
        count = 0
        for _ in self.source.items(b"]"):
            self._sound()
            count += 1
        return count

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
        names = ", ".join(collection.name for collection in self.collections)
        return f"; it has: {names}" if names else ""
