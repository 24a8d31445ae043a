"""What the report says of one record: an entry per verdict or warning, with its first faults in their places."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.importer.check import KEYS
from app.importer.document import COLLECTION, Cut
from app.importer.json_text import Member, members
from app.importer.place import Place, pointer
from app.importer.salvage import UNKEPT
from app.importer.settle import Holder, LeftOut
from app.limits import FAULTS
from app.resource import strict_json
from app.resource.record import Fault, printable

Entry = dict[str, Any]

_SHOWN = 100  # characters of a value or a name


def of_record(verdict: str, index: int, cut: Cut, faults: Sequence[Fault]) -> Entry:
    """For a record at hand: rejected, or in with a warning. It names the first `FAULTS` of its faults."""
    named = faults[:FAULTS]
    found = _members(cut.raw, {fault.field: fault.code for fault in named})
    keys = {key: _shown(found[key].raw) for key in KEYS if key in found}
    return _entry(verdict, index, cut.place, keys) | {"errors": [_error(index, cut, found, fault) for fault in named]}


def of_left_out(left: LeftOut) -> Entry:
    """For a record that was put aside and did not go in. An unchanged one is only counted.

    It was put aside with `places_of`, or with none if its keys came into the table only after it was read.
    """
    if left.unchanged:
        return {"index": left.record, "verdict": "unchanged"}
    place, *key_places = _places(left.places)
    keys = {"id": left.id, "patientID": left.patient_id}
    holders = zip(keys.items(), key_places, (left.id_holder, left.patient_id_holder), strict=True)
    errors = [_held(left.record, *key, at, holder) for key, at, holder in holders if holder]
    verdict = "duplicate" if any(error["code"] == "duplicate" for error in errors) else "conflict"
    return _entry(verdict, left.record, place, keys) | {"errors": errors}


def held_back(index: int) -> Entry:
    """For a good record that may not go in because others cannot. Where it stands was not kept."""
    message = "is good, but held back because other records are not"
    fault = {"field": None, "pointer": pointer(COLLECTION, index), "code": "held_back", "message": message}
    return {"index": index, "pointer": pointer(COLLECTION, index), "verdict": "rejected", "errors": [fault]}


def shortened(name: str) -> str:
    """A field's name as people are told it."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"


def places_of(cut: Cut, offsets: Sequence[int]) -> str:
    """Places of the record, its id and its patientID, from the offsets of the latter."""
    places = (cut.place.after(cut.raw[:offset]) for offset in (0, *offsets))
    return " ".join(f"{line}:{column}" for line, column in places)


def key_offsets(raw: bytes) -> Sequence[int]:
    """Where in a record its id and its patientID stand; 0 for one that is missing."""
    found = _members(raw, {})
    return [found[key].at if key in found else 0 for key in KEYS]


def _places(text: str) -> Sequence[Place | None]:
    return [Place(*map(int, place.split(":"))) for place in text.split()] or [None] * (1 + len(KEYS))


def _entry(verdict: str, index: int, place: Place | None, keys: dict[str, Any]) -> Entry:
    return {"index": index, "pointer": pointer(COLLECTION, index), **_where(place), "verdict": verdict, **keys}


def _where(place: Place | None) -> Entry:
    return place._asdict() if place else {}


def _error(index: int, cut: Cut, found: Mapping[str, Member], fault: Fault) -> Entry:
    if not (member := found.get(fault.field)):
        return _fault(index, fault, cut.place)
    return _fault(index, fault, cut.place.after(cut.raw[: member.at])) | {"value": _shown(member.raw)}


def _unkept(member: Member) -> bool:
    try:
        strict_json.loads(member.raw)
    except strict_json.InvalidJSON:
        return True
    return False


def _held(index: int, field: str, value: str, place: Place | None, holder: Holder) -> Entry:
    if holder.first is None:
        fault = Fault(field, "conflict", "is in the table already, with other content")
    else:
        fault = Fault(field, "duplicate", f"stands earlier in the file, at {pointer(COLLECTION, holder.first)}")
    return _fault(index, fault, place) | {"value": value[:_SHOWN]}


def _fault(index: int, fault: Fault, place: Place | None) -> Entry:
    names = [fault.field] if fault.field else []
    return {
        "field": fault.field or None,
        "pointer": pointer(COLLECTION, index, *names),
        **_where(place),
        "code": fault.code,
        "message": " ".join([*map(shortened, names), fault.message]),
    }


def _members(raw: bytes, codes: Mapping[str, str]) -> Mapping[str, Member]:
    """By name, printable: the keys, and those with a fault of this code; where a name is repeated, the one at fault."""
    found: dict[str, Member] = {}
    for member in members(raw) if raw.startswith(b"{") else ():
        name = printable(member.name)
        at_fault = codes.get(name) == UNKEPT and name in found and _unkept(found[name])
        if (name in codes or name in KEYS) and not at_fault:
            found[name] = member
    return found


def _shown(raw: bytes) -> object:
    """A value cut short: scalars as they are, anything else as its text. Always fit for strict JSON in UTF-8."""
    try:
        value = strict_json.loads(raw)
    except strict_json.InvalidJSON:
        value = raw
    if value is None or isinstance(value, bool) or (isinstance(value, int | float) and len(raw) <= _SHOWN):
        return value
    text = value if isinstance(value, str) else raw.decode()
    return text[:_SHOWN].encode(errors="backslashreplace").decode()
