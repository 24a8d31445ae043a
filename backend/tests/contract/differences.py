"""Where this server answers otherwise than a json-server on purpose: the one table, with the reason of each row.

A row explains exchanges: `applies` says which. Two answers that differ and that no row explains are a fault, and so is
a row that explains nothing (test_requests.py).
"""

import re
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.contract import things
from tests.contract.answers import Comparable, Version
from tests.contract.cases import DECLARED, TEXT_FIELDS, UNDECLARED, UNTYPED
from tests.contract.write_cases import LARGE

V0: Version = "0.17.4"
B3: Version = "1.0.0-beta.3"
B15: Version = "1.0.0-beta.15"
BETAS = (B3, B15)
ALL = (V0, B3, B15)


class Filter(NamedTuple):
    field: str
    spelling: str  # "", "_gte", ":gte"
    value: str

    @property
    def operator(self) -> str:
        return self.spelling[1:] or "eq"


class Exchange(NamedTuple):
    """One request, and what both sides answered."""

    version: Version
    method: str
    target: str
    body: Any
    theirs: Comparable
    ours: Comparable
    media_type: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True, errors="surrogateescape")

    @property
    def keys(self) -> set[str]:
        return {key for key, _ in self.pairs}

    def first(self, key: str) -> str:
        return next((value for name, value in self.pairs if name == key), "")

    @property
    def fields(self) -> dict[str, Any]:
        """The body's, if it is a JSON object."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def filters(self) -> list[Filter]:
        return [Filter(*_split(key), value) for key, value in self.pairs if key[:1] != "_" and key not in ("", "q")]


_OPERATOR = re.compile(r"(.+)(_(?:ne|gte|lte|gt|lt|eq|in|contains|startsWith|endsWith|like)|:\w+)", re.DOTALL)


def _split(key: str) -> tuple[str, str]:
    match = None if key in UNDECLARED else _OPERATOR.fullmatch(key)
    return (match[1], match[2]) if match else (key, "")


# --- what JavaScript makes of a text, as far as the requests go

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*([+-]?\d+)", re.ASCII)


def number(text: str) -> float | None:
    """`Number(text)` if that is finite."""
    value = float(text) if _NUMBER.fullmatch(text) else float("inf")
    return value if abs(value) < float("inf") else None


def parse_int(text: str) -> int | None:
    """`parseInt(text, 10)`; None for NaN."""
    found = _INTEGER.match(text)
    return int(found[1]) if found else None


class Difference(NamedTuple):
    """One row. `theirs` follows the words "json-server ...", `ours` the words "this server ..."."""

    name: str
    releases: tuple[Version, ...]
    theirs: str
    ours: str
    why: str
    applies: Callable[[Exchange], bool]


# --- what the rows ask about an exchange

_ASTRAL = "\U0001f600"
_SAME = ("eq", "ne")
_RANGES = ("gt", "gte", "lt", "lte")
_LOOSE = ("_gt", "_lt", "_eq", "_in", "_contains", "_startsWith", "_endsWith")
_KNOWN = {
    V0: {"", "_ne", "_gte", "_lte", "_like"},
    B3: {"", "_ne", "_gte", "_lte", "_gt", "_lt"},
    B15: {"", ":startsWith", ":endsWith"}
    | {mark + name for mark in ":_" for name in (*_RANGES, "eq", "ne", "in", "contains")},
}
_FOREIGN = {
    V0: {"_where", "_per_page"},
    B3: {"q", "_order", "_where"},
    B15: {"q", "_limit", "_start", "_end", "_order", "_expand"},
}
_SLICE = {"_limit", "_start", "_end"}
_PARAMETERS = {"_sort", "_page", "_per_page", "_where", "_embed"} | _SLICE | {"_order", "q"}


def _any_filter(test: Callable[[Filter], bool]) -> Callable[[Exchange], bool]:
    return lambda exchange: any(map(test, exchange.filters))


def _is_nested(field: str, records: Any) -> bool:
    found = [record for record in records if isinstance(record, dict)] if isinstance(records, list) else []
    return any(isinstance(record.get(field), list | dict) for record in found)


def _foreign(exchange: Exchange) -> bool:
    version = exchange.version
    return (
        not _FOREIGN[version].isdisjoint(exchange.keys)
        or any(one.spelling not in _KNOWN[version] for one in exchange.filters)
        or (version == V0 and any(field.startswith("-") for field in exchange.first("_sort").split(",")))
    )


_SERVED = (*DECLARED, *things.DECLARED)
_TEXTS = (*TEXT_FIELDS, "ward", "phone_in", "address.city", *things.TEXTS)
_OF_ANY_TYPE = (*UNTYPED, *things.OF_ANY_TYPE)
_MAY_BE_NUMBER = ("age", *things.NUMBERS, *_OF_ANY_TYPE)
_MAY_BE_ABSENT = (*UNDECLARED, "any.a", "maybeAny.a")
_MAY_BE_NULL = (*UNTYPED, *things.MAYBE, *things.OF_ANY_TYPE)
_MAY_BE_FALSY = ("active", "mixed", "any", "word", "done", *things.MAYBE, *things.OF_ANY_TYPE)
_WORDS = ("true", "false", "null")


def _may_bound_null(one: Filter) -> bool:
    return one.field in _MAY_BE_NULL and one.operator in _RANGES


def _is_text(field: str) -> bool:
    return field in _TEXTS


def _unknown(exchange: Exchange) -> bool:
    stored = (*_SERVED, *_MAY_BE_ABSENT, "address")
    return any(one.field not in stored for one in exchange.filters) or any(
        key[:1] == "_" or not key for key in exchange.keys - _PARAMETERS
    )


def _reads_as_number(value: str) -> bool:
    return number(value) is not None


def _coerced(one: Filter) -> bool:
    values = [part.strip() for part in one.value.split(",")] if one.operator == "in" else [one.value]
    return _is_text(one.field) and any(_reads_as_number(v) or v in _WORDS for v in values)


def _states(exchange: Exchange, fields: Iterable[str], operators: Iterable[str]) -> bool:
    """Whether `_where` compares one of the fields so."""
    where, texts = exchange.first("_where"), (f'"{field.rpartition(".")[2]}": {{"' for field in fields)
    return any(f'{text}{name}": ' in where for text, name in product(texts, operators))


def _repeats(exchange: Exchange) -> bool:
    keys = [re.sub(r"\[\d*\]$", "", key) for key, _ in exchange.pairs]
    return len(set(keys)) < len(keys)


def _odd_page(exchange: Exchange) -> bool:
    page, sizes = exchange.first("_page"), [parse_int(exchange.first(name)) for name in ("_limit", "_per_page")]
    return bool(page) and (not page.isdecimal() or page == "0" or any(size is not None and size < 1 for size in sizes))


def _odd_slice(exchange: Exchange) -> bool:
    """No usable end: `_start` alone, or an end that is empty or no number."""
    ends = [parse_int(exchange.first(name)) for name in ("_end", "_limit")]
    return not _SLICE.isdisjoint(exchange.keys) and ends == [None, None]


def _unstorable(text: str) -> bool:
    return any(character == "\0" or "\ud800" <= character <= "\udfff" or character == "%" for character in text)


def _unsupported_pattern(one: Filter) -> bool:
    return one.spelling == "_like" and (bool(_LOOKING_AROUND.search(one.value)) or not _is_pattern(one.value))


_LOOKING_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]")


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _refused(status: int) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.ours.status == status


DIFFERENCES: tuple[Difference, ...] = (
    # --- reading
    Difference(
        "foreign-parameters",
        ALL,
        "ignores a parameter or operator that only another release has (all records), or, beta.15, takes it for a field"
        " (no record)",
        "serves the parameters of every release at once",
        "A frontend on the wrong release sees no error, only wrong records.",
        _foreign,
    ),
    Difference(
        "unknown-keys",
        ALL,
        "answers no record for a key it does not know: beta.15 always, the others if it ends in an operator",
        "ignores a key that is no parameter and no field of any record",
        "Cache busters, tracking parameters and misspelt names must not empty a list.",
        _unknown,
    ),
    Difference(
        "operators-behind-declared-fields",
        BETAS,
        "takes `_gt`, `_lt`, `_eq`, `_in` and `_contains` for operators behind any name",
        "does so behind the fields it declares; behind another name (`score:gt=4`) they want a colon",
        "An undeclared field may well be called `checked_in`.",
        _any_filter(lambda one: one.spelling in _LOOSE and one.field not in _SERVED),
    ),
    Difference(
        "empty-values",
        (B15,),
        "matches only empty text for `name=`",
        "has no filter then in the dialect 1 (so does beta.3); in 0.17 it matches empty text, as 0.17.4",
        "Forms send empty fields for «any».",
        _any_filter(lambda one: not one.value and not one.spelling.startswith(":")),
    ),
    Difference(
        "repeated-parameters",
        BETAS,
        "drops the filter (beta.3) or takes the last value (beta.15)",
        "takes any of the values, and for `_ne` none of them, as 0.17.4",
        "react-admin and plain forms repeat a parameter for «one of these».",
        _repeats,
    ),
    Difference(
        "brackets",
        ALL,
        "answers 500 or no record for `name[x]=`, and the betas for `name[]=` too",
        "reads `name[]=` and `name[0]=` as `name=` (so does 0.17.4) and ignores `name[x]=`",
        "A read is never an error, and clients that write arrays so mean repeated parameters.",
        lambda exchange: any("[" in key for key in exchange.keys),
    ),
    Difference(
        "age-by-value",
        (V0,),
        "compares numbers as text: `age=045` is not 45",
        "compares by value",
        "One rule for all dialects.",
        _any_filter(lambda one: one.field in _MAY_BE_NUMBER and one.operator in _SAME and _reads_as_number(one.value)),
    ),
    Difference(
        "null-by-name",
        (V0,),
        "finds no record whose field is null, whatever the value",
        "finds it by `field=null`, as beta.15 does, and by nothing else",
        "There is no other way to ask for it.",
        _any_filter(lambda one: one.field in _MAY_BE_NULL and one.operator == "eq" and one.value == "null"),
    ),
    Difference(
        "forgiving",
        ALL,
        "knows no `:similar` (all records, or none) and no `_score` (list order)",
        "finds what is nearly the value, the best first, and sorts by how well a record meets the search",
        "Names are half remembered, and typed without accents. The spelling is one that json-server ignores.",
        lambda exchange: (
            any(key.endswith(":similar") for key in exchange.keys)
            or (exchange.first("_sort").lstrip("-") == "_score" and "q" in exchange.keys)
            or '"similar"' in exchange.first("_where")
        ),
    ),
    Difference(
        "elements",
        BETAS,
        "never finds an array by `:contains` (beta.15) or does not know it (beta.3)",
        "finds an array of which an element is the value, whatever its case",
        "It is asked for (issue 654 of json-server), and `_like` finds 18 where 1 is meant.",
        lambda exchange: (
            any(one.field in _OF_ANY_TYPE and one.spelling == ":contains" for one in exchange.filters)
            or _states(exchange, _OF_ANY_TYPE, ("contains",))
        ),
    ),
    Difference(
        "words-in-bounds",
        (B15,),
        "takes `true`, `false` and `null` in a bound for 1 and 0: `age:gt=false`",
        "finds nothing by them, as 0.17.4",
        "One rule for all dialects.",
        _any_filter(lambda one: one.operator in _RANGES and one.value in _WORDS),
    ),
    Difference(
        "number-prefixes",
        (B3,),
        "reads `45abc` as 45 and cuts `45.5` to 45",
        "reads a number as JavaScript's Number does",
        "`age_lt=45.5` should find 45.",
        _any_filter(lambda one: not _is_text(one.field) and parse_int(one.value) != number(one.value)),
    ),
    Difference(
        "text-ranges",
        (B3,),
        "never matches a bound on a text or date field",
        "compares text, so that `lastVisit_gte=2024-06` works",
        "It is what the other releases do and what the request says.",
        _any_filter(lambda one: one.operator in _RANGES and _is_text(one.field)),
    ),
    Difference(
        "numbers-in-text",
        (B15,),
        "turns a value that reads as a number, true, false or null into one, which no text field equals",
        "compares a text field with the text that was sent",
        "`id=1` must find the record with the id 1.",
        lambda exchange: any(map(_coerced, exchange.filters)) or _states(exchange, _TEXTS, _RANGES),
    ),
    Difference(
        "absent-fields",
        BETAS,
        "lets a record without the field, or whose field is no plain value, meet a filter on it (beta.3), or a bound on"
        " it and any filter on a path below it (beta.15)",
        "does not, as 0.17.4",
        "A filter should not find what it does not name.",
        lambda exchange: (
            any(one.field in _MAY_BE_ABSENT or _may_bound_null(one) for one in exchange.filters)
            or _states(exchange, _MAY_BE_NULL, _RANGES)
        ),
    ),
    Difference(
        "unstorable-values",
        ALL,
        "compares NUL and broken percent-encoding like other text",
        "finds no record with such a bound or search",
        "No stored text has such characters; PostgreSQL cannot hold them.",
        _any_filter(lambda one: _unstorable(one.value)),
    ),
    Difference(
        "question-marks",
        (B15,),
        "cuts the query off at a second question mark",
        "takes it for a character of the value",
        "RFC 3986, 3.4.",
        lambda exchange: "?" in urlsplit(exchange.target).query,
    ),
    Difference(
        "patterns",
        (V0,),
        "answers 500 to a `_like` that is no regular expression (`(`), takes look-around and back-references, and lets"
        " a slow pattern block everybody",
        "looks for these as for plain text, and so for unknown escapes and for what would take PostgreSQL long",
        "A read is never an error: somebody is still typing. Time must have a bound, whatever a client sends.",
        _any_filter(_unsupported_pattern),
    ),
    Difference(
        "sorting-twice",
        (V0, B3),
        "answers 500 to a repeated `_sort`",
        "takes the first one, as beta.15",
        "A read is never an error.",
        lambda exchange: exchange.theirs.status == 500 and _repeats(exchange) and "_sort" in exchange.keys,
    ),
    Difference(
        "order-of-slices",
        (B3,),
        "sorts text by localeCompare whatever the request",
        "sorts by code units where `_limit`, `_start`, `_end` or `q` mark the request as 0.17's",
        "Those parameters are 0.17's own; beta.3 has `_page` and `_per_page`.",
        lambda exchange: bool(exchange.first("_sort")) and not _SLICE.isdisjoint(exchange.keys),
    ),
    Difference(
        "falsy-values",
        ALL,
        "sorts null before what is absent (0.17.4), or empty text, false, null and what is absent behind all else"
        " (betas), and arrays and objects among the others",
        "sorts by value, false before true; null and what is absent, arrays and objects are last and keep their places",
        "One order for all dialects, which an index serves.",
        lambda exchange: any(
            key.lstrip("-") in _MAY_BE_FALSY or _is_nested(key, exchange.theirs.body)
            for key in exchange.first("_sort").split(",")
        ),
    ),
    Difference(
        "odd-slices",
        (B3,),
        "answers no record to `_start` alone and ignores an end that is no number",
        "ignores `_start` alone and takes such an end for 0, as 0.17.4",
        "One rule for all dialects.",
        _odd_slice,
    ),
    Difference(
        "page-with-slice",
        (B3,),
        "lets `_limit`, `_start` and `_end` beat `_page`",
        "lets `_page` beat them, `_limit` being its size, as 0.17.4",
        "`_page` with `_limit` is how 0.17 spells a page.",
        lambda exchange: "_page" in exchange.keys and not _SLICE.isdisjoint(exchange.keys),
    ),
    Difference(
        "odd-pages",
        (V0, B3),
        "makes links that lead nowhere (0.17.4) or overlapping or whole lists (beta.3) of a page number that is none"
        " and of a page size below 1",
        "answers page 1 (1.x: no page if it is no number at all) of the default size",
        "One rule for all dialects, and links that work.",
        _odd_page,
    ),
    Difference(
        "page-sizes-below-1",
        (B15,),
        "takes a page size below 1 for 1: for `_page=1&_per_page=-1` `last` and `pages` are the number of records",
        "takes the default size, 10, and counts pages of that",
        "One rule for all dialects.",
        lambda exchange: (parse_int(exchange.first("_per_page")) or 0) < 1 <= len(exchange.first("_per_page")),
    ),
    Difference(
        "links-of-repeated-pages",
        (V0,),
        "makes links by replacing text in the address, and so keeps a second `_page` as it was",
        "builds links from the parameters",
        "Replacing text changes the wrong parameter now and then.",
        lambda exchange: "_page" in exchange.keys and _repeats(exchange),
    ),
    Difference(
        "pages-of-nothing",
        (B3,),
        "counts 0 pages in an empty result",
        "counts 1, as beta.15",
        "`last` is then a page that can be asked for.",
        lambda exchange: isinstance(exchange.theirs.body, dict) and exchange.theirs.body.get("items") == 0,
    ),
    Difference(
        "code-points",
        (V0,),
        "sorts by UTF-16 code units, and so puts emoji before U+FB01",
        "sorts by code points, and so after it",
        "It is the order of PostgreSQL's C collation, which an index serves; only characters beyond U+FFFF differ.",
        lambda exchange: bool(exchange.first("_sort")) and _ASTRAL in str(exchange.theirs.body),
    ),
    Difference(
        "scripts",
        (V0,),
        "wraps any answer in a script for `callback=`",
        "ignores it",
        "It lets any page read patients past CORS.",
        lambda exchange: "callback" in exchange.keys,
    ),
    # --- writing
    Difference(
        "validation",
        ALL,
        "stores anything: wrong types, missing fields, nothing at all",
        "answers 400 and names every field that breaks a rule",
        "The patients are real.",
        _refused(400),
    ),
    Difference(
        "arrays",
        BETAS,
        "stores an array as one record, as 0.17.4",
        "stores each record of an array, all or none, and answers with all of them",
        "Whoever sends an array means its records.",
        lambda exchange: exchange.method == "POST" and isinstance(exchange.ours.body, list),
    ),
    Difference(
        "taken-ids",
        ALL,
        "answers 500 (0.17.4), stores a second record under the id (beta.3) or makes another id (beta.15)",
        "answers 409",
        "An id names one record.",
        lambda exchange: exchange.ours.status == 409 and "id" in exchange.fields,
    ),
    Difference(
        "unique-patient-ids",
        ALL,
        "takes a patientID twice",
        "answers 409",
        "A patientID names one patient.",
        _refused(409),
    ),
    Difference(
        "own-ids",
        (B15,),
        "replaces the id that a new record brings",
        "keeps it, as the other releases",
        "Clients that choose ids go on to use them.",
        lambda exchange: exchange.method == "POST" and "id" in exchange.fields,
    ),
    Difference(
        "generated-ids",
        (V0,),
        "gives the first record of an empty list the number 1",
        "makes ids of 16 hex digits, always text",
        "An id has one type.",
        lambda exchange: (
            exchange.method == "POST" and isinstance(exchange.theirs.body, dict) and exchange.theirs.body["id"] == 1
        ),
    ),
    Difference(
        "locations",
        (V0,),
        "makes `Location` by adding the id to the address as it was sent: `…/patients//N1`",
        "sends `/patients/` and the id",
        "The address must lead to the record.",
        lambda exchange: exchange.method == "POST" and exchange.target != "/patients" and exchange.ours.status == 201,
    ),
    Difference(
        "wrong-methods",
        ALL,
        "answers 404 to a method that an address does not take",
        "answers 405 and says in `Allow` which it takes",
        "RFC 9110, 15.5.6: the address is there.",
        _refused(405),
    ),
    Difference(
        "media-types",
        ALL,
        "reads a body without a JSON media type as JSON (betas) or as nothing, so that a PUT wipes the record (0.17.4)",
        "answers 415 and says what to send",
        "Those are the types with which any web page can write past CORS.",
        _refused(415),
    ),
    Difference(
        "json-types",
        (V0,),
        "reads a body of `application/merge-patch+json` and the like as nothing",
        "takes every `application/*+json` for JSON, as the betas",
        "It is JSON (RFC 6839), and no page of another origin can send it unasked.",
        lambda exchange: "+json" in exchange.media_type,
    ),
    Difference(
        "form-numbers",
        ALL,
        'keeps text as text: `"age": "30"`',
        "takes the text of exactly a number for the number where a number belongs",
        "Forms send what an input holds, and an age that is text sorts and compares as text.",
        lambda exchange: isinstance(exchange.fields.get("age"), str) and exchange.ours.status < 300,
    ),
    Difference(
        "empty-ids",
        (B3,),
        'stores an id of `""`, `false`, `0` or null as it is, and finds the record under no address',
        "makes an id then, as 0.17.4 and beta.15",
        "A record must have an address.",
        lambda exchange: exchange.method == "POST" and "id" in exchange.fields and not exchange.fields["id"],
    ),
    Difference(
        "deleted-record",
        (V0,),
        "answers `{}` to DELETE",
        "answers with the record as it was, as the betas",
        "One answer for every dialect, so that a client made from the description knows what it gets.",
        lambda exchange: exchange.method == "DELETE" and exchange.theirs.body == {} and exchange.ours.status == 200,
    ),
    Difference(
        "large-bodies",
        ALL,
        "takes up to 10 MB (0.17.4), up to 100 KB and answers 500 to more (beta.15), or anything (beta.3)",
        "takes up to `MAX_BODY_BYTES`, 1 MiB unless set, and answers 413 to more",
        "The limit is the operator's, and the client is told which it is.",
        lambda exchange: len(str(exchange.body)) > LARGE,
    ),
    Difference(
        "broken-json",
        BETAS,
        "answers 500",
        "answers 400, as 0.17.4, but with problem+json that says where the text broke off",
        "The client is at fault.",
        lambda exchange: exchange.ours.status == 400 and isinstance(exchange.body, bytes),
    ),
    Difference(
        "head",
        BETAS,
        "deletes the record on HEAD (beta.3) or answers 400 (beta.15)",
        "answers as to GET, without the body",
        "HEAD is safe (RFC 9110, 9.3.2).",
        lambda exchange: exchange.method == "HEAD",
    ),
    Difference(
        "addresses",
        ALL,
        "has more of them: `/patients/1/patients` and `/PATIENTS` (0.17.4), `/__proto__` (betas)",
        "answers 404",
        "They read the database, or write into it, by accident.",
        lambda exchange: exchange.ours.status == 404 and exchange.theirs.status < 300,
    ),
    Difference(
        "whole-database",
        BETAS,
        "answers 404 to `/db`",
        "answers with the whole database, as 0.17.4; in development only",
        "It is there to look at what one has, and hands out every patient.",
        lambda exchange: exchange.target == "/db",
    ),
    Difference(
        "doubled-slashes",
        (V0,),
        "answers 404 to `//patients`",
        "answers as to `/patients`, as the betas",
        "A base address that ends in a slash is a common slip.",
        lambda exchange: exchange.target.startswith("//"),
    ),
    Difference(
        "undecodable-addresses",
        (V0,),
        "answers 500 with a stack trace",
        "answers 400, as the betas",
        "The client is at fault.",
        lambda exchange: exchange.theirs.status == 500 and exchange.ours.status == 400,
    ),
)
