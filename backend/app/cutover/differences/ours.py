"""Whether a record belongs in a list of this server's, as docs/json-server-compatibility.md says. Pure."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from app.cutover.comparable import same
from app.cutover.differences.exchange import LOOSE, V0, Exchange, Filter, Record
from app.cutover.differences.values import RANGES, at, combined, compared, has, meets, shown, unstorable

_OPERATORS = {*RANGES, "eq", "ne", "in", "contains", "startsWith", "endsWith", "like"}
_ABSENT = object()
_MARKS_17 = frozenset({"_limit", "_start", "_end", "_order", "q", "_expand"})
_MARKS_1 = frozenset({"_per_page", "_where"})


def ours_meets(exchange: Exchange, one: Filter, record: Record) -> bool:
    """Any of the values of a repeated filter, and for `_ne` each."""
    if one.key == "_where":
        return ours_where(exchange, record)
    if _is_ignored(exchange, one):
        return True
    alike = [other for other in exchange.filters if other[:2] == one[:2] and not _is_no_filter(exchange, other)]
    found = [_ours_meets(exchange, other, record) for other in alike]
    return all(found) if one.operator == "ne" else any(found) or not alike


def _is_no_filter(exchange: Exchange, one: Filter) -> bool:
    """`name=`, in 1.x's requests."""
    return not one.value and is_of_1(exchange) and not one.spelling.startswith(":")


def _is_ignored(exchange: Exchange, one: Filter) -> bool:
    """No operator, or no field of any record. Where a list is empty for it the field is one of some other record."""
    if one.operator not in _OPERATORS:
        return True
    applied = exchange.has_nothing_of_ours and len(exchange.seen) > 1
    known = one.field in exchange.shape.declared or any(has(other, one.field) for other in exchange.seen)
    return not (known or applied)


def _ours_meets(exchange: Exchange, one: Filter, record: Record) -> bool:
    value = one.of(record)
    if unstorable(one.value):
        return False
    if value is None:
        return has(record, one.field) and _finds_null(one)
    if isinstance(value, list | Mapping) and is_of_1(exchange) and one.operator != "contains":
        return one.operator == "ne"
    bounded = one.operator not in RANGES or _is_bounded(exchange, one.field, value)
    return bounded and meets(value, one.operator, one.value)


def _finds_null(one: Filter) -> bool:
    return one.operator in ("eq", "ne", "in") and ("null" in one.value.split(",")) is (one.operator != "ne")


def ours_where(exchange: Exchange, record: Record) -> bool:
    return not isinstance(exchange.where, Mapping) or _meets_where(exchange, record, exchange.where)


def _meets_where(exchange: Exchange, record: Any, where: Mapping[str, Any]) -> bool:
    return combined(where, partial(_meets_where, exchange, record), partial(_meets_named, exchange, record))


def _meets_named(exchange: Exchange, record: Any, name: str, rule: Any) -> bool:
    return isinstance(rule, Mapping) and _meets_rule(exchange, name, _held(record, name), rule)


def _held(record: Any, name: str) -> Any:
    return at(record, name) if has(record, name) else _ABSENT


def _meets_rule(exchange: Exchange, name: str, value: Any, rule: Mapping[str, Any]) -> bool:
    return all(_meets_operand(exchange, name, value, operator, operand) for operator, operand in rule.items())


def _meets_operand(exchange: Exchange, name: str, value: Any, operator: str, operand: Any) -> bool:
    """What is no operator is ignored; a text is compared with texts alone."""
    if isinstance(operand, Mapping):
        return not isinstance(value, Mapping) or _meets_rule(exchange, "", _held(value, operator), operand)
    if value is _ABSENT:
        return operator not in _OPERATORS
    if operator in ("eq", "ne"):
        return same(value, operand) is (operator == "eq")
    if operator == "in":
        return any(same(value, one) for one in (operand if isinstance(operand, list) else [operand]))
    if operator in RANGES:
        is_one = isinstance(operand, str) or not isinstance(value, str)
        return is_one and _is_bounded(exchange, name, value) and compared(value, operator, operand)
    return operator not in _OPERATORS or (value is not None and meets(value, operator, shown(operand)))


def _is_bounded(exchange: Exchange, name: str, value: Any) -> bool:
    """Yes or no is between bounds where it is declared; arrays and objects never."""
    return isinstance(value, str | int | float) and (not isinstance(value, bool) or name in exchange.shape.truths)


def is_of_1(exchange: Exchange) -> bool:
    """Whether the request is read as 1.x's: by its parameters, else as one of the release it was made for."""
    if {"_page", "_per_page"} <= exchange.keys:
        return True
    if not _MARKS_17.isdisjoint(exchange.keys) or any(one.spelling == "_like" for one in exchange.filters):
        return False
    of_1 = any(one.spelling[:1] == ":" or one.spelling in LOOSE for one in exchange.filters)
    return of_1 or exchange.version != V0 or not _MARKS_1.isdisjoint(exchange.keys) or "-" in exchange.first("_sort")
