"""What can be had of a record that cannot be kept as it is, and why the rest cannot, member by member."""

from collections.abc import Container, Iterator
from typing import Any

from app.importer.json_text import Member, members
from app.limits import FAULTS
from app.resource import strict_json
from app.resource.record import Fault, printable

_OTHERS = 20_000  # members that are looked at although they are not declared

UNKEPT = "json"  # code of a value that is no JSON, or one that cannot be kept


class Salvage:
    """`body`: the declared members that can be kept. `names`: of the members that were looked at.

    Those are the declared ones, and the first of the others, until there are `FAULTS` faults: there may be a million.
    """

    def __init__(self, raw: bytes, declared: Container[str]) -> None:
        self._declared = declared
        self.body: dict[str, Any] = {}
        self.names: set[str] = set()
        found: dict[Fault, None] = {}
        for number, member in enumerate(members(raw)):
            if member.name in self._declared or (len(found) < FAULTS and number < _OTHERS):
                found |= dict.fromkeys(self._look_at(member))
        self.faults = list(found)

    def _look_at(self, member: Member) -> Iterator[Fault]:
        name = printable(member.name)
        if member.name in self.names:
            yield Fault(name, "repeated", "stands more than once in the record")
        self.names.add(member.name)
        try:
            value = strict_json.loads(member.raw)
        except strict_json.InvalidJSON as error:
            yield Fault(name, UNKEPT, f"cannot be kept: {error.reason}")
            return
        if member.name in self._declared:
            self.body[member.name] = value
        elif why := strict_json.unstorable([member.name, value]):
            yield Fault(name, "character", why)
