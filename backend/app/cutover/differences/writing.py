"""Rows about writes. Pure."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.cutover.comparable import same
from app.cutover.differences.exchange import ALL, B3, B15, BETAS, V0, Exchange
from app.cutover.differences.reductions import Difference, Reduction, When, answered, statuses
from app.cutover.differences.values import number

LARGE = 100 * 1024
"""Bytes of a body: the least of the releases' limits."""
_MADE = (200, 201)


def _refused(ours: int, *methods: str, when: When = lambda _: True) -> Reduction:
    """A write that the json-server takes and this server does not, or that both refuse otherwise."""
    return answered(lambda x: x.method in methods and x.ours.status == ours and x.theirs.status != ours and when(x))


def _took(exchange: Exchange) -> bool:
    return exchange.theirs.status in _MADE


def _names_a_unique_value(exchange: Exchange) -> bool:
    sent = exchange.body if isinstance(exchange.body, list) else [exchange.body]
    return any(not exchange.shape.unique.isdisjoint(one) for one in sent if isinstance(one, dict))


def _but_for(*names: str) -> Callable[[Exchange], bool]:
    """Whether both answers are one record, and equal without these fields."""

    def alike(exchange: Exchange) -> bool:
        both = exchange.theirs.body, exchange.ours.body
        if not all(isinstance(one, dict) for one in both):
            return False
        return same(*({name: one[name] for name in one if name not in names} for one in both))

    return alike


_ALIKE = _but_for("id")


def _level_id(when: When) -> Reduction:
    """A record that was made; only its id is another, and the address with it."""
    return answered(lambda x: x.method == "POST" and x.statuses == (201, 201) and _ALIKE(x) and when(x))


def _is_first(exchange: Exchange) -> bool:
    return exchange.theirs.body.get("id") in (1, "1") and "id" not in exchange.fields


def _located(exchange: Exchange) -> Exchange:
    """`Location` alone; 0.17.4's is the address as it was sent, and the id."""
    made = exchange.method == "POST" and exchange.ours.status == 201
    is_odd = exchange.target.partition("?")[0] != f"/{exchange.shape.path}"
    return (
        replace(exchange, theirs=exchange.theirs._replace(location=exchange.ours.location))
        if made and is_odd
        else exchange
    )


def _is_no_plain_json(exchange: Exchange) -> bool:
    return "json" not in exchange.media_type or "charset" in exchange.media_type


def _array(exchange: Exchange) -> bool:
    """They make one record of it (beta.3), or refuse it."""
    sent, made = exchange.body, exchange.ours.body
    is_whole = isinstance(sent, list) and isinstance(made, list) and len(sent) == len(made)
    return exchange.method == "POST" and exchange.ours.status == 201 and is_whole


def _read_as_nothing(exchange: Exchange) -> bool:
    """Theirs is without what was sent; all else is equal."""
    return "+json" in exchange.media_type and exchange.writes and _but_for(*exchange.fields)(exchange)


# --- texts that are values


def _valued(exchange: Exchange) -> Exchange:
    """Texts of exactly a number, or of true or false, become the value in theirs where one belongs."""
    numbers, truths = exchange.shape.numbers, exchange.shape.truths
    if not numbers | truths or not isinstance(exchange.theirs.body, list | dict):
        return exchange
    body = _with_values(exchange.theirs.body, numbers, truths)
    changed = not same(body, exchange.theirs.body)
    return replace(exchange, theirs=exchange.theirs._replace(body=body)) if changed else exchange


def _with_values(body: Any, numbers: frozenset[str], truths: frozenset[str]) -> Any:
    if isinstance(body, list):
        return [_with_values(one, numbers, truths) for one in body]
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("data"), list) and "items" in body:
        return body | {"data": _with_values(body["data"], numbers, truths)}
    own = {name: _number(body[name]) for name in numbers & body.keys()}
    return (
        body
        | own
        | {name: {"true": True, "false": False}.get(str(body[name]), body[name]) for name in truths & body.keys()}
    )


def _number(value: Any) -> Any:
    found = number(value) if isinstance(value, str) and value.strip() == value else None
    if found is None:
        return value
    return int(found) if found.is_integer() else found


def _is_broken(exchange: Exchange) -> bool:
    return isinstance(exchange.body, bytes) and exchange.writes


WRITING: tuple[Difference, ...] = (
    Difference(
        "validation",
        ALL,
        "stores anything: wrong types, missing fields, nothing at all",
        "answers 400 and names every field that breaks a rule",
        "The patients are real.",
        _refused(400, "POST", "PUT", "PATCH", when=_took),
    ),
    Difference(
        "arrays",
        BETAS,
        "stores an array as one record, as 0.17.4",
        "stores each record of an array, all or none, and answers with all of them",
        "Whoever sends an array means its records.",
        answered(_array),
    ),
    Difference(
        "taken-ids",
        ALL,
        "answers 500 (0.17.4), stores a second record under the id (beta.3) or makes another id (beta.15)",
        "answers 409",
        "An id names one record.",
        _refused(409, "POST", when=lambda exchange: "id" in exchange.fields),
    ),
    Difference(
        "unique-patient-ids",
        ALL,
        "takes a patientID twice",
        "answers 409",
        "A patientID names one patient.",
        _refused(409, "POST", "PUT", "PATCH", when=lambda x: _took(x) and _names_a_unique_value(x)),
    ),
    Difference(
        "own-ids",
        (B15,),
        "replaces the id that a new record brings",
        "keeps it, as the other releases",
        "Clients that choose ids go on to use them.",
        _level_id(lambda exchange: "id" in exchange.fields),
    ),
    Difference(
        "generated-ids",
        (V0,),
        "gives the first record of an empty list the number 1",
        "makes ids of 16 hex digits, always text",
        "An id has one type.",
        _level_id(_is_first),
    ),
    Difference(
        "locations",
        (V0,),
        "makes `Location` by adding the id to the address as it was sent: `…/patients//N1`",
        "sends `/patients/` and the id",
        "The address must lead to the record.",
        _located,
    ),
    Difference(
        "wrong-methods",
        ALL,
        "answers 404 to a method that an address does not take",
        "answers 405 and says in `Allow` which it takes",
        "RFC 9110, 15.5.6: the address is there.",
        statuses(404, 405, lambda exchange: exchange.writes),
    ),
    Difference(
        "media-types",
        ALL,
        "reads a body without a JSON media type as JSON (betas) or as nothing, so that a PUT wipes the record (0.17.4)",
        "answers 415 and says what to send",
        "Those are the types with which any web page can write past CORS.",
        _refused(415, "POST", "PUT", "PATCH", when=_is_no_plain_json),
    ),
    Difference(
        "json-types",
        (V0,),
        "reads a body of `application/merge-patch+json` and the like as nothing",
        "takes every `application/*+json` for JSON, as the betas",
        "It is JSON (RFC 6839), and no page of another origin can send it unasked.",
        answered(_read_as_nothing),
    ),
    Difference(
        "form-numbers",
        ALL,
        'keeps text as text: `"age": "30"`',
        "takes the text of exactly a number for the number where a number belongs",
        "Forms send what an input holds, and an age that is text sorts and compares as text.",
        _valued,
    ),
    Difference(
        "empty-ids",
        (B3,),
        'stores an id of `""`, `false`, `0` or null as it is, and finds the record under no address',
        "makes an id then, as 0.17.4 and beta.15",
        "A record must have an address.",
        _level_id(lambda exchange: "id" in exchange.fields and not exchange.fields["id"]),
    ),
    Difference(
        "deleted-record",
        (V0,),
        "answers `{}` to DELETE",
        "answers with the record as it was, as the betas",
        "One answer for every dialect, so that a client made from the description knows what it gets.",
        statuses(200, 200, lambda exchange: exchange.method == "DELETE" and exchange.theirs.body == {}),
    ),
    Difference(
        "large-bodies",
        ALL,
        "takes up to 10 MB (0.17.4), up to 100 KB and answers 500 to more (beta.15), or anything (beta.3)",
        "takes up to `MAX_BODY_BYTES`, 1 MiB unless set, and answers 413 to more",
        "The limit is the operator's, and the client is told which it is.",
        answered(lambda x: x.writes and len(str(x.body)) > LARGE and (x.ours.status == 413 or x.theirs.status == 500)),
    ),
    Difference(
        "broken-json",
        BETAS,
        "answers 500",
        "answers 400, as 0.17.4, but with problem+json that says where the text broke off",
        "The client is at fault.",
        _refused(400, "POST", "PUT", "PATCH", when=lambda x: _is_broken(x) and x.theirs.status >= 400),
    ),
)
