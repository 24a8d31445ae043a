"""Rows about which records a list has: parameters, operators and values that are read otherwise. Pure."""

from collections.abc import Mapping
from typing import Any

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
from app.cutover.differences.readings import ours_meets, ours_where
from app.cutover.differences.reductions import Difference, chosen, either, emptied, ordered, selected, statuses, windows
from app.cutover.differences.values import (
    RANGES,
    WORDS,
    at,
    bounded,
    contains,
    finite,
    has,
    is_beyond,
    is_number,
    meets,
    number,
    parse_int,
    shown,
    unstorable,
    whole,
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
_SAME = ("eq", "ne")


def _value(one: Filter, record: Record) -> Any:
    return at(record, one.field)


def _nested(value: Any) -> bool:
    return isinstance(value, list | Mapping)


def repeats(exchange: Exchange) -> bool:
    names = [name.partition("[")[0] for name, _ in exchange.pairs]
    return len(set(names)) < len(names)


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
    value = _value(one, record)
    if one.value or one.spelling.startswith(":"):
        return False
    if one.operator in RANGES and value is not None and not _nested(value):
        return not bounded(value, one.operator, "" if isinstance(value, str) else 0)
    return bool(value == "") is (one.operator == "ne")


def _repeated(exchange: Exchange, one: Filter, record: Record) -> bool:
    """Some of the values find the record, and some do not."""
    values = [other.value for other in exchange.filters if other[:2] == one[:2]]
    found = {meets(_value(one, record), one.operator, value) for value in values}
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


def _by_value(_: Exchange, one: Filter, record: Record) -> bool:
    value = _value(one, record)
    return one.operator in _SAME and is_number(value) and number(one.value) == value and shown(value) != one.value


def _null_by_name(_: Exchange, one: Filter, record: Record) -> bool:
    return one.operator == "eq" and one.value == "null" and _value(one, record) is None


def _element(_: Exchange, one: Filter, record: Record) -> bool:
    value = _value(one, record)
    return one.spelling == ":contains" and isinstance(value, list) and meets(value, "contains", one.value)


def _word_in_bound(_: Exchange, one: Filter, record: Record) -> bool:
    """A word as bound, or as the value of a field that may be of any kind."""
    value, bound = _value(one, record), WORDS.get(one.value, number(one.value))
    is_word = one.value in WORDS or isinstance(value, bool)
    is_one = one.operator in RANGES and is_word and isinstance(value, bool | int | float)
    return is_one and bounded(value, one.operator, float(bound or 0))


def _prefix(_: Exchange, one: Filter, record: Record) -> bool:
    """beta.3 takes every text but `true` for false, too."""
    value, whole = _value(one, record), parse_int(one.value)
    if not isinstance(value, bool | int | float):
        return False
    cut = "NaN" if whole is None else str(whole)
    read = str(one.value == "true").lower() if isinstance(value, bool) else cut
    return meets(value, one.operator, read) is not meets(value, one.operator, one.value)


def _text_range(_: Exchange, one: Filter, record: Record) -> bool:
    value = _value(one, record)
    return one.operator in RANGES and isinstance(value, str) and bounded(value, one.operator, one.value)


def _number_in_text(_: Exchange, one: Filter, record: Record) -> bool:
    """A text that is met as text, and not as what the sought text is turned into; or the other way."""
    value = _value(one, record)
    turned = [WORDS.get(part, finite(part)) for part in map(str.strip, one.value.split(","))]
    if not isinstance(value, str) or (turned.count(None) == len(turned) and one.value != "null"):
        return False
    as_text = one.is_text and meets(value, one.operator, one.value)
    return _meets_turned(value, one, turned[0]) is not as_text


def _meets_turned(value: str, one: Filter, turned: bool | float | None) -> bool:
    if one.operator in RANGES:
        held = number(value) if value.strip() else 0
        return held is not None and bounded(held, one.operator, float(turned or 0))
    if one.operator in ("eq", "in"):
        return False
    return one.operator == "ne" or meets(value, one.operator, shown(whole(turned)))


def _absent(_: Exchange, one: Filter, record: Record) -> bool:
    value, above = _value(one, record), one.field.rpartition(".")[0]
    return value is None or _nested(value) or (bool(above) and isinstance(at(record, above), list))


def _beyond_storing(exchange: Exchange, one: Filter, _: Record) -> bool:
    return exchange.has_nothing_of_ours and unstorable(one.value)


def _cut_off(_: Exchange, one: Filter, record: Record) -> bool:
    return "?" in one.value and meets(_value(one, record), one.operator, one.value.partition("?")[0])


def _is_odd_pattern(one: Filter) -> bool:
    return one.spelling == "_like" and is_beyond(one.value)


def _pattern(exchange: Exchange, record: Record, theirs: bool) -> bool:
    """One of ours has the pattern as a piece of its text, one of theirs has not."""
    odd = [one for one in exchange.filters if _is_odd_pattern(one)]
    as_text = all(one.value.lower() in shown(_value(one, record)).lower() for one in odd)
    return bool(odd) and as_text is not theirs


FILTERS: tuple[Difference, ...] = (
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
        either(selected(_repeated), windows(lambda exchange: "_page" in exchange.keys and repeats(exchange))),
    ),
    Difference(
        "brackets",
        ALL,
        "answers 500 or no record for `name[x]=`, and the betas for `name[]=` too",
        "reads `name[]=` and `name[0]=` as `name=` (so does 0.17.4) and ignores `name[x]=`",
        "A read is never an error, and clients that write arrays so mean repeated parameters.",
        either(statuses(500, 200, _has_brackets), chosen(_bracketed)),
    ),
    Difference(
        "age-by-value",
        (V0,),
        "compares numbers as text: `age=045` is not 45",
        "compares by value",
        "One rule for all dialects.",
        selected(_by_value),
    ),
    Difference(
        "null-by-name",
        (V0,),
        "finds no record whose field is null, whatever the value",
        "finds it by `field=null`, as beta.15 does, and by nothing else",
        "There is no other way to ask for it.",
        selected(_null_by_name),
    ),
    Difference(
        "elements",
        (B15,),
        "never finds an array by `:contains`",
        "finds an array of which an element is the value, whatever its case",
        "It is asked for (issue 654 of json-server), and `_like` finds 18 where 1 is meant.",
        selected(_element),
    ),
    Difference(
        "words-in-bounds",
        (B15,),
        "takes `true`, `false` and `null` in a bound for 1 and 0: `age:gt=false`",
        "finds nothing by them, as 0.17.4",
        "One rule for all dialects.",
        selected(_word_in_bound),
    ),
    Difference(
        "number-prefixes",
        (B3,),
        "reads `45abc` as 45 and cuts `45.5` to 45",
        "reads a number as JavaScript's Number does",
        "`age_lt=45.5` should find 45.",
        selected(_prefix),
    ),
    Difference(
        "text-ranges",
        (B3,),
        "never matches a bound on a text or date field",
        "compares text, so that `lastVisit_gte=2024-06` works",
        "It is what the other releases do and what the request says.",
        selected(_text_range),
    ),
    Difference(
        "numbers-in-text",
        (B15,),
        "turns a value that reads as a number, true, false or null into one, which no text field equals",
        "compares a text field with the text that was sent",
        "`id=1` must find the record with the id 1.",
        selected(_number_in_text),
    ),
    Difference(
        "absent-fields",
        BETAS,
        "lets a record without the field, or whose field is no plain value, meet a filter on it (beta.3), or a bound on"
        " it and any filter on a path below it (beta.15)",
        "does not, as 0.17.4",
        "A filter should not find what it does not name.",
        selected(_absent),
    ),
    Difference(
        "unstorable-values",
        (V0, B15),
        "compares NUL and broken percent-encoding like other text",
        "finds no record with such a bound or search",
        "No stored text has such characters; PostgreSQL cannot hold them.",
        selected(_beyond_storing),
    ),
    Difference(
        "question-marks",
        (B15,),
        "cuts the query off at a second question mark",
        "takes it for a character of the value",
        "RFC 3986, 3.4.",
        selected(_cut_off),
    ),
    Difference(
        "patterns",
        (V0,),
        "answers 500 to a `_like` that is no regular expression (`(`), takes look-around and back-references, and lets"
        " a slow pattern block everybody",
        "looks for these as for plain text, and so for unknown escapes and for what would take PostgreSQL long",
        "A read is never an error: somebody is still typing. Time must have a bound, whatever a client sends.",
        either(statuses(500, 200, lambda exchange: any(map(_is_odd_pattern, exchange.filters))), chosen(_pattern)),
    ),
)
