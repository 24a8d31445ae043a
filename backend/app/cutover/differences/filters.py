"""Rows about which records a list has: values and operators that are read otherwise. Pure."""

from app.cutover.differences.exchange import (
    B3,
    B15,
    BETAS,
    V0,
    Exchange,
    Filter,
    Record,
)
from app.cutover.differences.reductions import Difference, chosen, either, selected, statuses
from app.cutover.differences.values import (
    RANGES,
    WORDS,
    at,
    bounded,
    finite,
    is_beyond,
    is_number,
    meets,
    number,
    parse_int,
    shown,
    unstorable,
    whole,
)

_SAME = ("eq", "ne")


def _by_value(_: Exchange, one: Filter, record: Record) -> bool:
    value = one.of(record)
    return one.operator in _SAME and is_number(value) and number(one.value) == value and shown(value) != one.value


def _null_by_name(_: Exchange, one: Filter, record: Record) -> bool:
    return one.operator == "eq" and one.value == "null" and one.of(record) is None


def _element(_: Exchange, one: Filter, record: Record) -> bool:
    value = one.of(record)
    return one.spelling == ":contains" and isinstance(value, list) and meets(value, "contains", one.value)


def _word_in_bound(_: Exchange, one: Filter, record: Record) -> bool:
    """A word as bound, or as the value of a field that may be of any kind."""
    value, bound = one.of(record), WORDS.get(one.value, number(one.value))
    is_word = one.value in WORDS or isinstance(value, bool)
    is_one = one.operator in RANGES and is_word and isinstance(value, bool | int | float)
    return is_one and bounded(value, one.operator, float(bound or 0))


def _prefix(_: Exchange, one: Filter, record: Record) -> bool:
    """beta.3 takes every text but `true` for false, too."""
    value, whole = one.of(record), parse_int(one.value)
    if not isinstance(value, bool | int | float):
        return False
    cut = "NaN" if whole is None else str(whole)
    read = str(one.value == "true").lower() if isinstance(value, bool) else cut
    return meets(value, one.operator, read) is not meets(value, one.operator, one.value)


def _text_range(_: Exchange, one: Filter, record: Record) -> bool:
    value = one.of(record)
    return one.operator in RANGES and isinstance(value, str) and bounded(value, one.operator, one.value)


def _number_in_text(_: Exchange, one: Filter, record: Record) -> bool:
    """A text that is met as text, and not as what the sought text is turned into; or the other way."""
    value = one.of(record)
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
    value, above = one.of(record), one.field.rpartition(".")[0]
    return value is None or isinstance(value, list | dict) or (bool(above) and isinstance(at(record, above), list))


def _beyond_storing(exchange: Exchange, one: Filter, _: Record) -> bool:
    return exchange.has_nothing_of_ours and unstorable(one.value)


def _cut_off(_: Exchange, one: Filter, record: Record) -> bool:
    return "?" in one.value and meets(one.of(record), one.operator, one.value.partition("?")[0])


def _is_odd_pattern(one: Filter) -> bool:
    return one.spelling == "_like" and is_beyond(one.value)


def _pattern(exchange: Exchange, record: Record, theirs: bool) -> bool:
    """One of ours has the pattern as a piece of its text, one of theirs has not."""
    odd = [one for one in exchange.filters if _is_odd_pattern(one)]
    as_text = all(one.value.lower() in shown(one.of(record)).lower() for one in odd)
    return bool(odd) and as_text is not theirs


FILTERS: tuple[Difference, ...] = (
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
