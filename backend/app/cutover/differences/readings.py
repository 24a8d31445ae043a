"""Whether a record belongs in a list, read as each json-server's source reads the request. Pure.

Sources: 0.17.4 lib/server/router/plural.js; 1.0.0-beta.3 lib/service.js; 1.0.0-beta.15 lib/parse-where.js and
lib/matches-where.js. A record that the json-server ought to have and has not, or the other way, is no difference of the
two servers' rules.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from app.cutover.differences.exchange import B3, B15, PARAMETERS, V0, Exchange, Record
from app.cutover.differences.values import (
    WITHIN,
    WORDS,
    at,
    combined,
    compared,
    contains,
    finite,
    has,
    is_number,
    matches,
    parse_int,
    shown,
)

_OF_17 = re.compile(r"(.*?)(_lte|_gte|_ne|_like|)", re.DOTALL)
_OF_3 = re.compile(r"(.*?)(?:_(lt|lte|gt|gte|ne)|)", re.DOTALL)
_OPERATORS = "lt|lte|gt|gte|eq|ne|in|contains|startsWith|endsWith"
_OF_15 = re.compile(r"(.+?)(?::(\w+)|_(lt|lte|gt|gte|eq|ne|in|contains)|)", re.DOTALL)
_ARRAY = re.compile(r"(.*)\[\d*\]", re.DOTALL)
_PLACE = re.compile(r"(.*)\[(\d+)\]", re.DOTALL)
_RESERVED = {"_sort", "_page", "_per_page", "_embed", "_where"}


def theirs_has(exchange: Exchange, record: Record) -> bool:
    return _READ[exchange.version](exchange, record)


# --- 0.17.4


def _of_17(exchange: Exchange, record: Record) -> bool:
    sought = exchange.first("q")
    keys = {key for key, _ in exchange.pairs} - (PARAMETERS - {"_where", "_per_page"}) - {"callback", "_"}
    return (not sought or contains(record, sought)) and all(_meets_17(exchange, key, record) for key in keys)


def _meets_17(exchange: Exchange, key: str, record: Record) -> bool:
    array = _ARRAY.fullmatch(key)
    split = _OF_17.fullmatch(array[1] if array else key)
    path, operator = (split[1], split[2]) if split else (key, "")
    if "[" in path:
        return False
    value, values = at(record, path), [text for name, text in exchange.pairs if name == key]
    if value is None:
        return not operator and not any(has(one, key) for one in exchange.seen)
    found = [_IN_17[operator](value, text) for text in values]
    return all(found) if operator == "_ne" else any(found)


_IN_17: Mapping[str, Callable[[Any, str], bool]] = {
    "": lambda value, text: shown(value) == text,
    "_ne": lambda value, text: shown(value) != text,
    "_gte": lambda value, text: compared(value, "gte", text),
    "_lte": lambda value, text: compared(value, "lte", text),
    "_like": matches,
}


# --- 1.0.0-beta.3


def _of_3(exchange: Exchange, record: Record) -> bool:
    once = {key: text for key, text in exchange.pairs if [name for name, _ in exchange.pairs].count(key) == 1}
    return all(_meets_3(key, text, record) for key, text in once.items() if text and key not in PARAMETERS - {"q"})


def _meets_3(key: str, text: str, record: Record) -> bool:
    split = _OF_3.fullmatch(key)
    path, operator = (split[1], split[2] or "") if split else (key, "")
    value = _at_3(record, path)
    if operator not in ("", "ne"):
        bound = parse_int(text)
        return is_number(value) and bound is not None and compared(value, operator, bound)
    read = parse_int(text) if is_number(value) else text == "true" if isinstance(value, bool) else text
    return not isinstance(value, str | bool | int | float) or (value == read) is (not operator)


def _at_3(record: Record, path: str) -> Any:
    """By dot-prop: `id[0]` is the first character, and `tags.0` nothing."""
    place = _PLACE.fullmatch(path)
    if place:
        held = at(record, place[1])
        return held[int(place[2])] if isinstance(held, str | list) and int(place[2]) < len(held) else None
    return None if isinstance(at(record, path.rpartition(".")[0]), list) else at(record, path)


# --- 1.0.0-beta.15


def _of_15(exchange: Exchange, record: Record) -> bool:
    if "_where" in exchange.keys and isinstance(exchange.where, Mapping):
        return _matches_where(record, exchange.where)
    last = {key: text for key, text in exchange.pairs if key not in _RESERVED}
    return all(_meets_15(key, text, record) for key, text in last.items())


def _matches_where(record: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return combined(where, partial(_matches_where, record), partial(_matches_rule, record))


def _matches_rule(record: Mapping[str, Any], name: str, rule: Any) -> bool:
    known = {one: rule[one] for one in _OPERATORS.split("|") if one in rule} if isinstance(rule, Mapping) else None
    if known:
        return name in record and all(_meets_operand_15(record[name], one, known[one]) for one in known)
    if known is None:
        return False
    return not isinstance(record.get(name), Mapping) or _matches_where(record[name], rule)


def _meets_operand_15(value: Any, operator: str, operand: Any) -> bool:
    if operator == "in":
        return any(_is(value, one) for one in (operand if isinstance(operand, list) else [operand]))
    if operator in ("eq", "ne"):
        return _is(value, operand) is (operator == "eq")
    if operator in WITHIN:
        return isinstance(value, str) and WITHIN[operator](value.lower(), shown(operand).lower())
    return compared(value, operator, operand)


def _meets_15(key: str, text: str, record: Record) -> bool:
    text = text.partition("?")[0]
    split = _OF_15.fullmatch(key)
    path, operator = (split[1], split[2] or split[3] or "eq") if split else (key, "eq")
    if operator not in _OPERATORS.split("|"):
        return True
    above, _, name = path.rpartition(".")
    if above and name.isdecimal():
        return False
    holder = at(record, above) if above else record
    if not isinstance(holder, Mapping):
        return not isinstance(holder, list)
    return name in holder and _meets_coerced(holder[name], operator, text)


def _meets_coerced(value: Any, operator: str, text: str) -> bool:
    operand = [coerced(part.strip()) for part in text.split(",")] if operator == "in" else coerced(text)
    return _meets_operand_15(value, operator, operand)


def _is(value: Any, sought: Any) -> bool:
    return isinstance(value, bool) is isinstance(sought, bool) and bool(value == sought)


def coerced(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    found = finite(text) if text.strip() else None
    return text if found is None else int(found) if found.is_integer() else found


_READ: Mapping[str, Callable[[Exchange, Record], bool]] = {V0: _of_17, B3: _of_3, B15: _of_15}
