"""What the report says of one record: an entry per verdict or warning, with every fault in its place."""

from collections.abc import Sequence
from typing import Any

from app.importer.document import COLLECTION, Cut
from app.importer.json_text import Member, members
from app.importer.place import Place, pointer
from app.importer.settle import Holder, LeftOut
from app.schemas import strict_json
from app.schemas.patient import Fault, printable

Entry = dict[str, Any]

_SHOWN = 100  # characters of a value
_KEYS = ("id", "patientID")


def of_record(verdict: str, index: int, cut: Cut, faults: Sequence[Fault]) -> Entry:
    """For a record at hand: rejected, or in with a warning."""
    found = _members(cut.raw)
    keys = {key: _shown(found[key].raw) for key in _KEYS if key in found}
    return _entry(verdict, index, cut.place, keys) | {"errors": [_error(index, cut, found, fault) for fault in faults]}


def of_left_out(left: LeftOut) -> Entry:
    """For a record that was put aside with `places_of` and did not go in."""
    place, *key_places = (Place(*map(int, place.split(":"))) for place in left.places.split())
    keys = {"id": left.id, "patientID": left.patient_id}
    if left.unchanged:
        return _entry("unchanged", left.index, place, keys)
    holders = zip(keys.items(), key_places, (left.id_holder, left.patient_id_holder), strict=True)
    errors = [_held(left.index, *key, at, holder) for key, at, holder in holders if holder]
    verdict = "duplicate" if any(error["code"] == "duplicate" for error in errors) else "conflict"
    return _entry(verdict, left.index, place, keys) | {"errors": errors}


def held_back(index: int) -> Entry:
    """For a good record that may not go in because others cannot. Where it stands was not kept."""
    message = "is good, but held back because other records are not"
    fault = {"field": None, "pointer": pointer(COLLECTION, index), "code": "held_back", "message": message}
    return {"index": index, "pointer": pointer(COLLECTION, index), "verdict": "rejected", "errors": [fault]}


def places_of(cut: Cut) -> str:
    """Where the record, its id and its patientID begin."""
    found = _members(cut.raw)
    offsets = [0, *(found[key].at if key in found else 0 for key in _KEYS)]
    return " ".join("%d:%d" % cut.place.after(cut.raw[:offset]) for offset in offsets)


def _entry(verdict: str, index: int, place: Place, keys: dict[str, Any]) -> Entry:
    where = {"index": index, "pointer": pointer(COLLECTION, index), "line": place.line, "column": place.column}
    return {**where, "verdict": verdict, **keys}


def _error(index: int, cut: Cut, found: dict[str, Member], fault: Fault) -> Entry:
    member = found.get(fault.field)
    place = cut.place.after(cut.raw[: member.at]) if member else cut.place
    error = _fault(index, fault, place)
    return error | {"value": _shown(member.raw)} if member else error


def _held(index: int, field: str, value: str, place: Place, holder: Holder) -> Entry:
    if holder.first is None:
        fault = Fault(field, "conflict", "is in the table already, with other content")
    else:
        fault = Fault(field, "duplicate", f"stands earlier in the file, at {pointer(COLLECTION, holder.first)}")
    return _fault(index, fault, place) | {"value": value[:_SHOWN]}


def _fault(index: int, fault: Fault, place: Place) -> Entry:
    names = [fault.field] if fault.field else []
    return {
        "field": fault.field or None,
        "pointer": pointer(COLLECTION, index, *names),
        "line": place.line,
        "column": place.column,
        "code": fault.code,
        "message": " ".join([*names, fault.message]),
    }


def _members(raw: bytes) -> dict[str, Member]:
    """By name, printable; of repeated ones the last."""
    return {printable(member.name): member for member in members(raw)} if raw.startswith(b"{") else {}


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
