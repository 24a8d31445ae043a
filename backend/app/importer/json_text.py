"""JSON text as bytes (RFC 8259): where a value ends, whether it is JSON, the members of an object.

Builds no values but small ones, and never recurses: what it takes is little, however long or deep the text is.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

BLANK = rb"[ \t\r\n]*+"
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_PLAIN = rb'(?:[^"\[\]{}]++|' + _STRING + rb")"
# An array or object without another one in it, and one with only such in it. Whether they are well formed is not looked
# at; to take them in one step makes long texts of short values cheap.
_FLAT = rb"(?:\[" + _PLAIN + rb"*+\]|\{" + _PLAIN + rb"*+\})"
_FLATS = rb"(?:\[(?:" + _PLAIN + rb"|" + _FLAT + rb")*+\]|\{(?:" + _PLAIN + rb"|" + _FLAT + rb")*+\})"

_NEXT = re.compile(BLANK)
_TEXT = re.compile(_STRING, re.DOTALL)
_WORD = re.compile(rb'[^\s,:\[\]{}"]++')  # a number, true, false, null, or what somebody wrote instead
_TO_BRACKETS = re.compile(rb"(?:" + _PLAIN + rb"|" + _FLATS + rb")*+(\[++|\]++|\{++|\}++)", re.DOTALL)
_SHORT_ITEMS = re.compile(rb'(?:(?:[^"\[\]{},]++|' + _STRING + rb"|" + _FLATS + rb")*+,)*+", re.DOTALL)
_CLOSING = {b"{": b"}", b"[": b"]"}

_PIECE = 1 << 20  # bytes that are decoded at once, which takes up to a hundred times as much memory
_DEEPEST = 200  # beyond it nobody keeps a value, and its inside may be anything

_NO_END = "Expecting ',' delimiter"

# Takes what Python takes beside the standard (NaN, control characters in strings), and converts no numbers.
_GENEROUS = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)


class Broken(ValueError):
    """This text is no JSON; `at` is the offset of the first byte that cannot be there, `message` says why."""

    def __init__(self, message: str, at: int) -> None:
        self.message = message
        self.at = at
        super().__init__(message)


class Member(NamedTuple):
    """One member of an object: its name, where its value begins, and the value's text."""

    name: str
    at: int
    raw: bytes


def skip_blank(text: bytes, at: int) -> int:
    match = _NEXT.match(text, at)
    return match.end() if match else at


def end_of_value(text: bytes, at: int, until: int | None = None) -> int | None:
    """Where the value that begins at `at` ends; None if that is not sure `until` there. Raises `Broken`."""
    until = len(text) if until is None else until
    first = text[at : at + 1]
    if first in _CLOSING:
        return _end_of_brackets(text, at, until)
    if first == b'"':
        return match.end() if (match := _TEXT.match(text, at, until)) else None
    if match := _WORD.match(text, at, until):
        return match.end() if match.end() < until else None
    if first:
        raise Broken("Expecting value", at)
    return None


def _end_of_brackets(text: bytes, at: int, until: int) -> int | None:
    wanted = bytearray(_CLOSING[text[at : at + 1]])
    at += 1
    while match := _TO_BRACKETS.match(text, at, until):
        at = match.end()
        if closing := _CLOSING.get(match[1][:1]):
            wanted += closing * len(match[1])
        else:
            at = _close(wanted, match[1], match.start(1))
        if not wanted:
            return at
    return None


def _close(wanted: bytearray, found: bytes, at: int) -> int:
    """Take closing brackets, found there, as far as some are wanted. Where that ends."""
    number = min(len(wanted), len(found))
    if wanted[-number:] != found[:number]:
        right = next(n for n in range(number) if wanted[-1 - n] != found[n])
        raise Broken(f"Expecting '{chr(wanted[-1 - right])}'", at + right)
    del wanted[-number:]
    return at + number


def members(text: bytes) -> Iterator[Member]:
    """The members of an object as they stand, repeated names too. Only for text that has passed `demand_json`."""
    at = skip_blank(text, 1)
    while text[at : at + 1] == b'"':
        named_at, name_ends = at, end_of_value(text, at) or at
        at = skip_blank(text, skip_blank(text, name_ends) + 1)
        ends = end_of_value(text, at) or len(text)
        yield Member(_GENEROUS.decode(text[named_at:name_ends].decode()), at, text[at:ends])
        at = skip_blank(text, skip_blank(text, ends) + 1)


def demand_json(text: bytes) -> None:
    """Raise `Broken` unless this is JSON, or would be but for NaN, control characters in strings, or its depth."""
    if len(text) <= _PIECE:
        _demand(text)
    else:
        _Walk(text).to_the_end()


class _Walk:
    """Through a long text, a piece at a time. `at`: the next byte. `open`: the brackets around it."""

    def __init__(self, text: bytes) -> None:
        self._text, self._at = text, skip_blank(text, 0)
        self._open: list[bytes] = []

    def to_the_end(self) -> None:
        self._value()
        while 0 < len(self._open) <= _DEEPEST:
            self._behind_a_value()
        if not self._open and self._text[self._at :].strip():
            raise Broken(_NO_END, skip_blank(self._text, self._at))

    def _value(self) -> None:
        """Take a value; of a long array or object only as far as its first value goes."""
        while (end := end_of_value(self._text, self._at, self._at + _PIECE)) is None and self._enter():
            if self._is_next(_CLOSING[self._open[-1]]) or len(self._open) > _DEEPEST:
                return
            self._name()
        begin, self._at = self._at, end or end_of_value(self._text, self._at) or len(self._text)
        _demand(self._text[begin : self._at], begin)

    def _enter(self) -> bool:
        bracket = self._text[self._at : self._at + 1]
        if bracket in _CLOSING:
            self._open.append(bracket)
            self._at = skip_blank(self._text, self._at + 1)
        return bracket in _CLOSING

    def _behind_a_value(self) -> None:
        self._at = skip_blank(self._text, self._at)
        if self._is_next(_CLOSING[self._open[-1]]):
            self._open.pop()
            self._at += 1
            return
        self._take(b",", _NO_END)
        self._short_items()
        self._name()
        self._value()

    def _short_items(self) -> None:
        """Take as many whole items, each with its comma, as are short and stand together."""
        begin, bracket = self._at, self._open[-1]
        match = _SHORT_ITEMS.match(self._text, begin, begin + _PIECE)
        if match and match.end() > begin and not self._is_next(b","):
            self._at = skip_blank(self._text, match.end())
            _demand(bracket + self._text[begin : match.end() - 1] + _CLOSING[bracket], begin - 1)

    def _name(self) -> None:
        """Take a name and its colon, if this is an object."""
        if self._open[-1] == b"[":
            return
        if not self._is_next(b'"'):
            raise Broken("Expecting property name enclosed in double quotes", self._at)
        begin, self._at = self._at, end_of_value(self._text, self._at) or len(self._text)
        _demand(self._text[begin : self._at], begin)
        self._at = skip_blank(self._text, self._at)
        self._take(b":", "Expecting ':' delimiter")

    def _is_next(self, mark: bytes) -> bool:
        return self._text[self._at : self._at + 1] == mark

    def _take(self, mark: bytes, otherwise: str) -> None:
        if not self._is_next(mark):
            raise Broken(otherwise, self._at)
        self._at = skip_blank(self._text, self._at + 1)


def _demand(text: bytes, begin: int = 0) -> None:
    """Raise `Broken` as if the text began there."""
    decoded = text.decode(errors="ignore")  # a piece may end within a character
    try:
        _GENEROUS.decode(decoded)
    except json.JSONDecodeError as error:
        message = _NO_END if error.msg == "Extra data" else error.msg  # a piece is not all there is
        raise Broken(message, begin + len(decoded[: error.pos].encode())) from None
    except RecursionError:
        return
