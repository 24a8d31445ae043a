"""Rows about which records a list has: parameters that only one side knows, or reads otherwise. Pure."""

from app.cutover.differences.exchange import (
    ALL,
    B3,
    B15,
    BETAS,
    LOOSE,
    PARAMETERS,
    SLICE,
    V0,
    Exchange,
    Filter,
    Record,
)
from app.cutover.differences.ours import ours_meets, ours_where
from app.cutover.differences.reductions import Difference, chosen, either, emptied, ordered, selected, statuses, windows
from app.cutover.differences.values import (
    RANGES,
    at,
    bounded,
    contains,
    has,
    meets,
)

_KNOWN = {
    V0: {"", "_ne", "_gte", "_lte", "_like"},
    B3: {"", "_ne", "_gte", "_lte", "_gt", "_lt"},
    B15: {"", ":startsWith", ":endsWith"}
    | {mark + name for mark in ":_" for name in (*RANGES, "eq", "ne", "in", "contains")},
}
_FOREIGN = {
    V0: {"_where", "_per_page"},
    B3: {"q", "_order", "_where"},
    B15: {"q", *SLICE, "_order", "_expand"},
}


# --- foreign parameters


def _foreign(exchange: Exchange, record: Record, theirs: bool) -> bool:
    """They have it and it does not meet what they ignore; or they take the parameter for a field and have nothing."""
    if exchange.version == B15:
        return not theirs and _has_foreign(exchange) and exchange.has_nothing_of_theirs
    return not _meets_foreign(exchange, record) if theirs else _is_where_alone(exchange, record)


def _is_where_alone(exchange: Exchange, record: Record) -> bool:
    """`_where` stands for all filters of a request; they look at the others."""
    return "_where" in exchange.keys and _meets_foreign(exchange, record) and not _meets_all(exchange, record)


def _has_foreign(exchange: Exchange) -> bool:
    return not _FOREIGN[exchange.version].isdisjoint(exchange.keys) or any(
        _is_foreign(exchange, one) for one in exchange.filters
    )


def _is_foreign(exchange: Exchange, one: Filter) -> bool:
    return one.spelling not in _KNOWN[exchange.version]


def _meets_foreign(exchange: Exchange, record: Record) -> bool:
    foreign = _FOREIGN[exchange.version] & exchange.keys
    return (
        all(ours_meets(exchange, one, record) for one in exchange.filters if _is_foreign(exchange, one))
        and ("q" not in foreign or contains(record, exchange.first("q")))
        and ("_where" not in foreign or ours_where(exchange, record))
    )


def _sorts_foreign(exchange: Exchange) -> bool:
    minus = exchange.version == V0 and any(key.startswith("-") for key in exchange.first("_sort").split(","))
    return minus or (exchange.version == B3 and {"_sort", "_order"} <= exchange.keys)


def _pages_foreign(exchange: Exchange) -> bool:
    return exchange.version == V0 and "_per_page" in exchange.keys


# --- the others


def _unknown(exchange: Exchange, _: Record, theirs: bool) -> bool:
    """Nobody has such a field, and so they do not have the record."""
    return not theirs and _has_unknown(exchange)


def _has_unknown(exchange: Exchange) -> bool:
    records = exchange.lists[1] if exchange.lists else []
    return any(
        one.field not in exchange.shape.declared and not any(has(record, one.field) for record in records)
        for one in exchange.filters
    ) or any(key[:1] == "_" or not key for key in exchange.keys - PARAMETERS)


def _loose(exchange: Exchange, one: Filter, record: Record) -> bool:
    """`score_gt=4`: they read an operator behind a field that is not declared, we a field of that name."""
    operator = next((name for name in LOOSE if one.key.endswith(name)), "")
    if not operator or one.spelling or one.key.removesuffix(operator) in exchange.shape.declared:
        return False
    return not meets(at(record, one.key.removesuffix(operator)), operator[1:], one.value)


def _empty(_: Exchange, one: Filter, record: Record) -> bool:
    """Does not meet what they make of nothing: empty text, or, beside numbers, 0."""
    value = one.of(record)
    if one.value or one.spelling.startswith(":"):
        return False
    if one.operator in RANGES and value is not None and not isinstance(value, list | dict):
        return not bounded(value, one.operator, "" if isinstance(value, str) else 0)
    return bool(value == "") is (one.operator == "ne")


def _repeated(exchange: Exchange, one: Filter, record: Record) -> bool:
    """Some of the values find the record, and some do not."""
    values = [other.value for other in exchange.filters if other[:2] == one[:2]]
    found = {meets(one.of(record), one.operator, value) for value in values}
    return (
        len(values) > 1
        and one.key != "_where"
        and (found == {True, False} or (exchange.version == B3 and found == {False}))
    )


def _bracketed(exchange: Exchange, record: Record, theirs: bool) -> bool:
    if not _has_brackets(exchange):
        return False
    ignored = exchange.version == B3 and not _meets_all(exchange, record)
    return ignored if theirs else exchange.has_nothing_of_theirs


def _has_brackets(exchange: Exchange) -> bool:
    return any("[" in key for key in exchange.keys)


def _meets_all(exchange: Exchange, record: Record) -> bool:
    return all(ours_meets(exchange, one, record) for one in exchange.filters)


PARAMETRIC: tuple[Difference, ...] = (
    Difference(
        "foreign-parameters",
        ALL,
        "ignores a parameter or operator that only another release has (all records), or, beta.15, takes it for a field"
        " (no record)",
        "serves the parameters of every release at once",
        "A frontend on the wrong release sees no error, only wrong records.",
        either(
            chosen(_foreign), emptied(_has_foreign), ordered(_sorts_foreign, as_long=False), windows(_pages_foreign)
        ),
    ),
    Difference(
        "unknown-keys",
        ALL,
        "answers no record for a key it does not know: beta.15 always, the others if it ends in an operator",
        "ignores a key that is no parameter and no field of any record",
        "Cache busters, tracking parameters and misspelt names must not empty a list.",
        chosen(_unknown),
    ),
    Difference(
        "operators-behind-declared-fields",
        BETAS,
        "takes `_gt`, `_lt`, `_eq`, `_in` and `_contains` for operators behind any name",
        "does so behind the fields it declares; behind another name (`score:gt=4`) they want a colon",
        "An undeclared field may well be called `checked_in`.",
        selected(_loose),
    ),
    Difference(
        "empty-values",
        (B15,),
        "matches only empty text for `name=`",
        "has no filter then in the dialect 1 (so does beta.3); in 0.17 it matches empty text, as 0.17.4",
        "Forms send empty fields for «any».",
        selected(_empty),
    ),
    Difference(
        "repeated-parameters",
        BETAS,
        "drops the filter (beta.3) or takes the last value (beta.15)",
        "takes any of the values, and for `_ne` none of them, as 0.17.4",
        "react-admin and plain forms repeat a parameter for «one of these».",
        either(selected(_repeated), windows(lambda exchange: exchange.repeats_in_a_page)),
    ),
    Difference(
        "brackets",
        ALL,
        "answers 500 or no record for `name[x]=`, and the betas for `name[]=` too",
        "reads `name[]=` and `name[0]=` as `name=` (so does 0.17.4) and ignores `name[x]=`",
        "A read is never an error, and clients that write arrays so mean repeated parameters.",
        either(statuses(500, 200, _has_brackets), chosen(_bracketed)),
    ),
)
