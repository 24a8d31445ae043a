"""JSON text to Python values, stricter than `json.loads`: what could not be kept exactly is refused.

RFC 8259 leaves duplicate names, number range and lone surrogates to the receiver; here they are faults, because each
would be stored as something other than what was sent.
"""

import json
import math
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NoReturn

MAX_VALUES = 20_000  # objects, arrays, texts, numbers and words: each costs the event loop time, whatever its size
MAX_DEPTH = 100  # far above any record a frontend writes, far below PostgreSQL's and Python's stacks
MAX_DIGITS = 10_000  # that numbers with an exponent take together without it: PostgreSQL writes 309 for 1e308
_DOUBLE_DIGITS = 308
_EXACT_DIGITS = 17  # of a double; an exponent that is worth fewer costs nothing


class InvalidJSON(ValueError):
    """Not JSON, or JSON that cannot be kept. The text is a sentence without any value of the document.

    `reason` is the same without the place, for who knows where in something larger the document stands.
    """

    def __init__(self, reason: str, place: str = "") -> None:
        self.reason = reason
        super().__init__(reason + place)


def loads(raw: bytes | str) -> Any:
    """The document's value: dict, list, str, int, float, bool or None.

    Raises `InvalidJSON` for broken UTF-8, broken JSON, NaN and Infinity, numbers beyond a double, duplicate names in
    one object, more than `MAX_VALUES` values, nesting deeper than `MAX_DEPTH`, and numbers that grow by more than
    `MAX_DIGITS`. NUL and lone surrogates pass: `unstorable` finds them by field. A byte order mark is ignored (RFC
    8259, 8.1).
    """
    digits: list[float] = []
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
        if _swarms(text):
            raise InvalidJSON(_TOO_MANY)
        value = _decoder(digits).decode(text)
    except UnicodeDecodeError as error:
        raise InvalidJSON("the text is not UTF-8", f" at byte {error.start}") from None
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")  # some of Python's sentences await the place
        raise InvalidJSON(f"the text is not JSON: {reason}", f" at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise InvalidJSON(_TOO_DEEP) from None
    if fault := _size_fault(value, sum(digits)):
        raise InvalidJSON(fault)
    return value


def unstorable(value: Any) -> str | None:
    """Why this value cannot be stored (a NUL character or a lone surrogate, in any text or name within it), or None."""
    text = value if isinstance(value, str) else "".join(_texts(value))
    if "\0" in text:
        return "must not contain the character NUL (U+0000)"
    return "must not contain a lone surrogate (half a character)" if _has_surrogate(text) else None


def size(value: Any) -> tuple[int, int]:
    """How many values there are, this one and all within, and how deep they nest: 0 for a scalar, 1 for `{}`."""
    number, depth, nested = 1, 0, _nested([value])
    while nested:
        layer = _within(nested)
        number, depth, nested = number + len(layer), depth + 1, _nested(layer)
    return number, depth


def _nested(layer: list[Any]) -> list[Any]:
    return [item for item in layer if isinstance(item, _NESTED)]


def _within(layer: list[Any]) -> list[Any]:
    """The values in objects and arrays: layer by layer, so that no depth can overflow the stack."""
    return [item for one in layer for item in (one.values() if isinstance(one, dict) else one)]


def _size_fault(value: Any, digits: float) -> str | None:
    number, depth = size(value)
    if number > MAX_VALUES:
        return _TOO_MANY
    if depth > MAX_DEPTH:
        return _TOO_DEEP
    return _TOO_LONG if digits > MAX_DIGITS else None


def _swarms(text: str) -> bool:
    """Whether there must be more than `MAX_VALUES` values, without building one.

    Before each but the first stands a comma, or an opening bracket that is a value itself. So there are at least half
    as many values as commas and brackets, and at most twice as many texts.
    """
    if sum(map(text.count, _BEFORE)) <= 2 * MAX_VALUES:
        return False
    pieces = text.replace("\\\\", "").replace('\\"', "").split('"', 4 * MAX_VALUES + 1)
    outside = "".join(pieces[::2])
    return len(pieces) > 4 * MAX_VALUES + 1 or sum(map(outside.count, _BEFORE)) > 2 * MAX_VALUES


_BEFORE = ",[{"
_NESTED = (dict, list)
_TOO_MANY = f"the document has more than {MAX_VALUES} values"
_TOO_DEEP = f"the document is nested deeper than {MAX_DEPTH} levels"
_TOO_LONG = f"its numbers have more than {MAX_DIGITS} digits when they are written out"


def _texts(value: Any) -> Iterator[str]:
    layer = [value]
    while layer:
        yield from (item for item in layer if isinstance(item, str))
        yield from (name for item in layer if isinstance(item, dict) for name in item)
        layer = _within(_nested(layer))


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and _SURROGATE.search(text) is not None


_SURROGATE = re.compile("[\ud800-\udfff]")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InvalidJSON("a name stands twice in one object")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _DOUBLE_DIGITS:
        _double(digits)
    return int(digits)


def _double(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidJSON("a number is larger than JSON's usual range (1.8e308)")
    return number


def _constant(name: str) -> NoReturn:
    raise InvalidJSON(f"{name} is not a JSON value")


def _decoder(digits: list[float]) -> json.JSONDecoder:
    """For one document. `digits` gets those that its numbers with an exponent take without it."""
    read = partial(_fraction, digits)
    return json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=read, parse_constant=_constant)


def _fraction(digits: list[float], text: str) -> float:
    number = _double(text)
    if number and ("e" in text or "E" in text) and (worth := abs(math.log10(abs(number)))) > _EXACT_DIGITS:
        digits.append(worth)
    return number
