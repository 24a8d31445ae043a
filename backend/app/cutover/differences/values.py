"""What a filter of a request makes of a value, as a reader of it would say. Pure, and nobody else's code.

The server's own reading is in `dialect`; the judge of its answers must not share its faults.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*([+-]?\d+)", re.ASCII)
_SLOW = re.compile(r"\)[*+{?]|([*+}].*){3,}", re.DOTALL)
_BEYOND = re.compile(r"\(\?<?[=!]|\\(?![bBdDwWsSnrtvfxu\W])|[*+}]\)[*+{]", re.DOTALL)
_LETTERS = re.compile(r"(?<!\\)[^\W\d_]+")
_LONG = 200
"""Characters of a pattern and of a text beyond which no pattern is tried: it is a client's, and may take for ever."""
_EXPONENT = 1e21
_LEADING_ZERO = re.compile(r"(e[+-])0")
WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


def number(text: str) -> float | None:
    """JavaScript's `Number(text)`, None for NaN; more than it can hold is infinite."""
    return float(text) if _NUMBER.fullmatch(text) else None


def finite(text: str) -> float | None:
    """The number that beta.15 makes of a text."""
    value = number(text)
    return None if value is None or math.isinf(value) else value


def parse_int(text: str) -> int | None:
    """JavaScript's `parseInt(text, 10)`; None for NaN."""
    found = _INTEGER.match(text)
    return int(found[1]) if found else None


def whole(value: Any) -> Any:
    """A number without a fraction as an integer, so that its text is JavaScript's."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def at(record: Any, path: str) -> Any:
    """The value at a path such as `address.city` or `tags.0`, None where there is none."""
    if not isinstance(record, Mapping):
        return None
    if path in record:
        return record[path]
    for step in path.split("."):
        record = _within(record, step)
    return record


def _within(value: Any, step: str) -> Any:
    if isinstance(value, list) and step.isdecimal():
        return value[int(step)] if int(step) < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def has(record: Any, path: str) -> bool:
    """Whether there is a value, be it null."""
    holder, _, name = path.rpartition(".")
    within = at(record, holder) if holder else record
    return path in record or (isinstance(within, Mapping) and name in within) or at(record, path) is not None


def unstorable(text: str) -> bool:
    """Whether no database holds the text: NUL, or what was no UTF-8 in the address."""
    return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """As JavaScript's `String(value)`."""
    if isinstance(value, list):
        return ",".join("" if one is None else shown(one) for one in value)
    if isinstance(value, Mapping):
        return "[object Object]"
    if is_number(value) and abs(value) >= _EXPONENT:
        value = float(value)
    return value if isinstance(value, str) else _LEADING_ZERO.sub(r"\1", json.dumps(value))


_RANGES: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
}
RANGES = tuple(_RANGES)
WITHIN: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, sought: sought in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
}


def equals(value: Any, sought: str) -> bool:
    """By value: 45 is "45" and "045", true is "true"."""
    if is_number(value):
        return bool(number(sought) == value)
    return value is not None and shown(value) == sought


def bounded(value: Any, operator: str, bound: Any) -> bool:
    """Numbers by value, texts as texts; what is neither meets no bound."""
    if isinstance(value, bool | int | float):
        bound = _as_number(bound)
    return bound is not None and isinstance(value, str) is isinstance(bound, str) and _RANGES[operator](value, bound)


def compared(value: Any, operator: str, bound: Any) -> bool:
    """As JavaScript's `<` and its like: two texts as texts, all else as numbers; what is none meets no bound."""
    one, other = (shown(side) if isinstance(side, list | Mapping) else side for side in (value, bound))
    if isinstance(one, str) and isinstance(other, str):
        return _RANGES[operator](one, other)
    numbers = [_as_number(side) for side in (one, other)]
    return None not in numbers and _RANGES[operator](*numbers)


def _as_number(value: Any) -> float | None:
    if not isinstance(value, str):
        return float(value or 0)
    return number(value) if value.strip() else 0


def meets(value: Any, operator: str, sought: str) -> bool:
    """Whether a record with this value meets the filter: `eq`, `ne`, a bound, `in`, `contains` and its like, `like`."""
    if operator == "ne":
        return value is not None and not equals(value, sought)
    if operator == "in":
        return any(equals(value, one.strip()) for one in sought.split(","))
    if operator in _RANGES:
        return not isinstance(value, Mapping | list | None) and bounded(value, operator, sought)
    if operator in WITHIN:
        return _is_within(value, operator, sought)
    return matches(value, sought) if operator == "like" else equals(value, sought)


def _is_within(value: Any, operator: str, sought: str) -> bool:
    if isinstance(value, list):
        return any(shown(one).lower() == sought.lower() for one in value)
    return isinstance(value, str) and WITHIN[operator](value.lower(), sought.lower())


def matches(value: Any, pattern: str) -> bool:
    """Whether a pattern is found in the value's text, as JavaScript's `i` does: its words are of ASCII letters.

    What is none, or asks for more than a search, is looked for as the text it is; what may take long is not found.
    """
    text = "" if value is None else shown(value)
    if is_beyond(pattern):
        return pattern.lower() in text.lower()
    if len(text) > _LONG or len(pattern) > _LONG or _SLOW.search(pattern):
        return False
    folded = _LETTERS.sub(lambda found: _folded(found[0]), pattern)
    ways = ((pattern, text), (folded, _folded(text)))
    return value is not None and any(re.search(one, other, re.IGNORECASE | re.ASCII) for one, other in ways)


def _folded(text: str) -> str:
    return text.lower().replace("ς", "σ")


def is_beyond(pattern: str) -> bool:
    """No pattern; or look-around, back-references, unknown escapes, and a repetition that is repeated."""
    return bool(_BEYOND.search(pattern)) or not is_pattern(pattern)


def is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def contains(value: Any, sought: str) -> bool:
    """Whether a text stands anywhere in the value: `q`, which finds neither 0 nor false."""
    if isinstance(value, Mapping):
        return any(contains(one, sought) for one in value.values())
    if isinstance(value, list):
        return any(contains(one, sought) for one in value)
    return value not in (None, False, 0) and sought.lower() in shown(value).lower()


def combined(
    where: Mapping[str, Any],
    meets_group: Callable[[Mapping[str, Any]], bool],
    meets_rule: Callable[[str, Any], bool],
) -> bool:
    """Whether all rules of a `_where` hold, and of its groups, if it has some, one."""
    groups = where.get("or")
    some = [one for one in groups if isinstance(one, Mapping)] if isinstance(groups, list) else []
    rules = all(meets_rule(name, rule) for name, rule in where.items() if name != "or")
    return rules and ("or" not in where or any(map(meets_group, some)))
