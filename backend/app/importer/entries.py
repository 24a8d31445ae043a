"""What the report says of one record: an entry per verdict or warning, with its first faults in their places."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.importer.document import Cut
from app.importer.json_text import Member, members
from app.importer.place import Place, pointer
from app.importer.salvage import UNKEPT
from app.limits import FAULTS
from app.resource import strict_json
from app.resource.record import Fault, printable

Entry = dict[str, Any]

_SHOWN = 100  # characters of a value or a name


class Entries:
    """Makes those of one collection. `keys`: the fields that are told of each record, whatever its faults."""

    def __init__(self, collection: str, keys: Collection[str]) -> None:
        self._collection, self._keys = collection, keys

    def of_record(self, verdict: str, index: int, cut: Cut, faults: Sequence[Fault]) -> Entry:
        """It names the first `FAULTS` of the faults."""
        named = faults[:FAULTS]
        found = self._members(cut.raw, {fault.field: fault.code for fault in named})
        keys = {key: _shown(found[key].raw) for key in self._keys if key in found}
        errors = [self._error(index, cut, found, fault) for fault in named]
        return self._entry(verdict, index, cut.place) | keys | {"errors": errors}

    def held_back(self, index: int) -> Entry:
        """For a good record that may not go in because others cannot. Where it stands was not kept."""
        fault = Fault("", "held_back", "is good, but held back because other records are not")
        return self._entry("rejected", index, None) | {"errors": [self._fault(index, fault, None)]}

    def _entry(self, verdict: str, index: int, place: Place | None) -> Entry:
        return {"index": index, "pointer": self._pointer(index), **_where(place), "verdict": verdict}

    def _error(self, index: int, cut: Cut, found: Mapping[str, Member], fault: Fault) -> Entry:
        if not (member := found.get(fault.field)):
            return self._fault(index, fault, cut.place)
        return self._fault(index, fault, cut.place.after(cut.raw[: member.at])) | {"value": _shown(member.raw)}

    def _fault(self, index: int, fault: Fault, place: Place | None) -> Entry:
        names = [fault.field] if fault.field else []
        return {
            "field": fault.field or None,
            "pointer": self._pointer(index, *names),
            **_where(place),
            "code": fault.code,
            "message": " ".join([*map(shortened, names), fault.message]),
        }

    def _pointer(self, *names: str | int) -> str:
        return pointer(self._collection, *names)

    def _members(self, raw: bytes, codes: Mapping[str, str]) -> Mapping[str, Member]:
        """By name, printable: the keys, and those with a fault of this code; of a repeated name, the one at fault."""
        found: dict[str, Member] = {}
        for member in members(raw) if raw.startswith(b"{") else ():
            name = printable(member.name)
            at_fault = codes.get(name) == UNKEPT and name in found and _is_unkept(found[name])
            if (name in codes or name in self._keys) and not at_fault:
                found[name] = member
        return found


def shortened(name: str) -> str:
    """A field's name as people are told it."""
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"


def _where(place: Place | None) -> Entry:
    return place._asdict() if place else {}


def _is_unkept(member: Member) -> bool:
    try:
        strict_json.loads(member.raw)
    except strict_json.InvalidJSON:
        return True
    return False


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
