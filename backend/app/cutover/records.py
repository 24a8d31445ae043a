"""Records in answers: which there are, by which id, and whether two are equal. Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Record = Mapping[str, Any]


class Found(NamedTuple):
    """A record, and its JSON as it was received."""

    identity: str
    json: bytes


def identity_of(record: Any) -> str | None:
    """The id as an address has it; None where there is none. json-server 0.17 gives numbers, which are text here."""
    found = record.get("id") if isinstance(record, dict) else None
    return None if found is None or isinstance(found, bool | list | dict) else str(found)


def found(body: bytes) -> Sequence[Found] | None:
    """The record in an answer, or all of an array's; None where one has no id, or it is no JSON."""
    said = parsed(body)
    them = [(identity_of(one), text_of(one)) for one in said] if isinstance(said, list) else [(identity_of(said), body)]
    return [Found(name, text) for name, text in them if name] if all(name for name, _ in them) else None


def text_of(record: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()


def parsed(body: bytes) -> Any:
    """None of what is no JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def alike(one: bytes, another: bytes) -> bool:
    """As `alike_records`, of JSON."""
    return alike_records(parsed(one), parsed(another))


def by_identity(records: Sequence[Record]) -> Mapping[str, Record]:
    """By id, in order; of two under one id the first, which is the one its address leads to."""
    found: dict[str, Record] = {}
    for record in records:
        if name := identity_of(record):
            found.setdefault(name, record)
    return found


def alike_records(one: Any, another: Any) -> bool:
    """Whether it is the same record; an id that is a number equals its text."""
    return _normal(one) == _normal(another)


def _normal(record: Any) -> str:
    """By text: to Python `True` is 1."""
    name = identity_of(record)
    return json.dumps({**record, "id": name} if name else record, sort_keys=True)
