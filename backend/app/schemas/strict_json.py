"""JSON text to Python values, stricter than `json.loads`: what could not be kept exactly is refused.

RFC 8259 leaves duplicate names, number range and lone surrogates to the receiver; here they are faults, because each
would be stored as something other than what was sent.
"""

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 100  # far above any record a frontend writes, far below PostgreSQL's and Python's stacks
MAX_DIGITS = 10_000  # that numbers with an exponent take together without it: PostgreSQL writes 309 for 1e308
_DOUBLE_DIGITS = 308


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
    one object, nesting deeper than `MAX_DEPTH`, and numbers that grow by more than `MAX_DIGITS`. NUL and lone
    surrogates pass: `unstorable` finds them by field. A byte order mark is ignored (RFC 8259, 8.1).
    """
    try:
        value = _DECODER.decode(raw if isinstance(raw, str) else raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidJSON("the text is not UTF-8", f" at byte {error.start}") from None
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")  # some of Python's sentences await the place
        raise InvalidJSON(f"the text is not JSON: {reason}", f" at line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise InvalidJSON(_TOO_DEEP) from None
    if depth(value) > MAX_DEPTH:
        raise InvalidJSON(_TOO_DEEP)
    if _digits(value) > MAX_DIGITS:
        raise InvalidJSON(f"its numbers have more than {MAX_DIGITS} digits when they are written out")
    return value


def unstorable(value: Any) -> str | None:
    """Why this value cannot be stored (a NUL character or a lone surrogate, in any text or name within it), or None."""
    text = "".join(_texts(value))
    if "\0" in text:
        return "must not contain the character NUL (U+0000)"
    return "must not contain a lone surrogate (half a character)" if _has_surrogate(text) else None


def depth(value: Any) -> int:
    """Nesting of arrays and objects: 0 for a scalar, 1 for `{}`. Iterative, so that no depth can overflow the stack."""
    level, layer = 0, [value]
    while layer := [child for child in layer if isinstance(child, dict | list)]:
        level += 1
        layer = [item for child in layer for item in (child.values() if isinstance(child, dict) else child)]
    return level


def _digits(value: Any) -> float:
    """Digits before or behind the point that the numbers with an exponent take without it."""
    if isinstance(value, dict | list):
        return sum(map(_digits, value.values() if isinstance(value, dict) else value))
    return abs(math.log10(abs(value))) if isinstance(value, float) and value else 0


_TOO_DEEP = f"the document is nested deeper than {MAX_DEPTH} levels"


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for item in value.values() for text in _texts(item))]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


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
        _float(digits)
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidJSON("a number is larger than JSON's usual range (1.8e308)")
    return number


def _constant(name: str) -> NoReturn:
    raise InvalidJSON(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
