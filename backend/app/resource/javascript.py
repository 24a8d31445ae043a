"""What JavaScript makes of texts and numbers, where json-server leaves that to the language. Pure."""

import math
import re
from typing import Any

# What JavaScript's String.prototype.trim removes (ECMA-262, 22.1.3.32). A text of these alone is blank.
BLANKS = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

LIMIT = 2**61  # larger than any list; sums of it still fit PostgreSQL's bigint
_LIMIT_DIGITS = 18

_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]{1,250}|[oO][0-7]{1,250}|[bB][01]{1,250})")  # within a double
_EXPONENTIAL_FROM = 1e21  # ECMA-262 6.1.6.1.20: from here Number's text has an exponent


def trim(text: str) -> str:
    """`text.trim()`."""
    return text.strip(BLANKS)


def parse_int(text: str) -> int | None:
    """`parseInt(text, 10)` within ±LIMIT; None for NaN."""
    found = _INTEGER.match(text.lstrip(BLANKS))
    if not found:
        return None
    digits = found[0].lstrip("+-").lstrip("0") or "0"
    size = min(int(digits), LIMIT) if len(digits) <= _LIMIT_DIGITS else LIMIT
    return -size if found[0].startswith("-") else size


def number(value: Any) -> float:
    """`Number(value)` of a JSON value (ECMA-262 7.1.4): blank text and null are 0; NaN for what is no number."""
    if isinstance(value, bool | int | float) or value is None:
        return float(value or 0)
    return _number_of_text(trim(value)) if isinstance(value, str) else math.nan


def text(value: Any) -> str:
    """`String(value)` of a JSON value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return _text_of_number(float(value))
    return (
        "[object Object]" if isinstance(value, dict) else ",".join("" if item is None else text(item) for item in value)
    )


def _number_of_text(digits: str) -> float:
    if not digits:
        return 0.0
    if _DECIMAL.fullmatch(digits):
        return float(digits)
    return float(int(digits, 0)) if _RADIX.fullmatch(digits) else math.nan


def _text_of_number(value: float) -> str:
    if value.is_integer() and abs(value) < _EXPONENTIAL_FROM:
        return str(int(value))
    return repr(value)
