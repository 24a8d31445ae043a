"""JSON text as bytes (RFC 8259): where a value ends, and the members of an object. Builds no values, never recurses."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

BLANK = rb"[ \t\r\n]*+"
_STRING = rb'"(?:[^"\\]++|\\.)*+"'

_NEXT = re.compile(BLANK)
_TEXT = re.compile(_STRING, re.DOTALL)
_WORD = re.compile(rb'[^\s,:\[\]{}"]++')  # a number, true, false, null, or what somebody wrote instead
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+([\[\]{}])", re.DOTALL)
_CLOSING = {b"{": b"}", b"[": b"]"}

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


def end_of_value(text: bytes, at: int) -> int | None:
    """Where the value that begins at `at` ends; None if the text ends before that is sure. Raises `Broken`."""
    first = text[at : at + 1]
    if first in _CLOSING:
        return _end_of_brackets(text, at)
    if first == b'"':
        return match.end() if (match := _TEXT.match(text, at)) else None
    if match := _WORD.match(text, at):
        return match.end() if match.end() < len(text) else None
    if first:
        raise Broken("Expecting value", at)
    return None


def _end_of_brackets(text: bytes, at: int) -> int | None:
    open_ones: list[bytes] = []
    while match := _TO_BRACKET.match(text, at):
        at = match.end()
        if closing := _CLOSING.get(match[1]):
            open_ones.append(closing)
        elif (wanted := open_ones.pop()) != match[1]:
            raise Broken(f"Expecting '{wanted.decode()}'", match.start(1))
        if not open_ones:
            return at
    return None


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
    decoded = text.decode(errors="ignore")  # a piece may end within a character
    try:
        _GENEROUS.decode(decoded)
    except json.JSONDecodeError as error:
        raise Broken(error.msg, len(decoded[: error.pos].encode())) from None
    except RecursionError:
        return
