"""Both sides read whole and in order: what only one of them has, and what they have otherwise. No values.

Without the lock: what is written meanwhile may look like a difference, and is looked at again by whoever asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cutover.addresses import list_path
from app.cutover.comparable import Version, same
from app.cutover.comparing import differing, exchanged
from app.cutover.differences import explanations
from app.cutover.differences.exchange import Record, records
from app.cutover.exchanges import Answer, Request
from app.cutover.replies import Lost
from app.cutover.sides import Side
from app.resource.resource import Resource

_SHOWN = 20  # records of each sort that are told by id


class Unread(Exception):
    """A side could not be read; the text says which and why."""


@dataclass(frozen=True)
class Verified:
    """One list of both sides. Records are told by id, fields by name."""

    path: str
    old: int
    """How many records the json-server has; -1: it answers with no list."""
    new: int
    only_old: Sequence[str]
    only_new: Sequence[str]
    different: Mapping[str, Sequence[str]]
    in_order: bool
    rows: Sequence[str]
    """Rows of the table of differences that explain all there is, `form-numbers` say; the lists are equal then."""

    @property
    def equal(self) -> bool:
        return bool(self.rows) or self._is_same

    @property
    def _is_same(self) -> bool:
        apart = self.only_old or self.only_new or self.different
        return self.old == self.new >= 0 and not apart and self.in_order

    def summary(self) -> str:
        apart = f"{len(self.only_old)} only on the old side, {len(self.only_new)} only on the new one"
        order = "" if self.in_order else ", in another order"
        return f"{self.path}: {apart}, {len(self.different)} different{order}"

    def lines(self) -> Sequence[str]:
        """For a person; empty of equal lists."""
        if self.equal:
            return []
        counted = f"{self.path}: {self.old} records on the old side, {self.new} on the new one"
        fields = [f"{id} ({', '.join(names)})" for id, names in self.different.items()]
        sorts = {"only on the old side": self.only_old, "only on the new side": self.only_new, "different": fields}
        order = [] if self.in_order else ["those that both have stand in another order"]
        return [counted, *(f"{name}: {_some(found)}" for name, found in sorts.items() if found), *order]


@dataclass(frozen=True)
class Verification:
    lists: Sequence[Verified]

    @property
    def equal(self) -> bool:
        return all(one.equal for one in self.lists)

    @property
    def text(self) -> str:
        """For a person, a line each; empty if all is equal."""
        return "\n".join(line for one in self.lists for line in one.lines())

    @property
    def summary(self) -> str:
        """Of how many records; empty if all is equal."""
        return "; ".join(one.summary() for one in self.lists if not one.equal)

    def as_json(self) -> dict[str, Any]:
        return {"equal": self.equal, "lists": [_said(one) for one in self.lists]}


async def verify(old: Side, new: Side, resources: Sequence[Resource], version: Version) -> Verification:
    """Raises `Unread` where a side gives no answer."""
    return Verification([await _verified(old, new, one, resources, version) for one in resources])


async def _verified(
    old: Side, new: Side, resource: Resource, resources: Sequence[Resource], version: Version
) -> Verified:
    request = Request("GET", list_path(resource.path), "", {"accept": "application/json"})
    exchange = exchanged(request, await _read(old, request), await _read(new, request), resources, version)
    rows = [] if same(exchange.theirs, exchange.ours) else [row.name for row in explanations(exchange)]
    return compared(resource.path, records(exchange.theirs), records(exchange.ours), rows)


async def _read(side: Side, request: Request) -> Answer:
    try:
        return await side.ask(request)
    except Lost as error:
        raise Unread(f"the {side.name} side does not answer ({error})") from error


def compared(
    path: str, theirs: Sequence[Record] | None, ours: Sequence[Record] | None, rows: Sequence[str] = ()
) -> Verified:
    """Two lists, whose ids are texts. Pure."""
    there, here = ({str(one.get("id")): one for one in listed or ()} for listed in (theirs, ours))
    only_old, only_new = [id for id in there if id not in here], [id for id in here if id not in there]
    different = {id: names for id in there if id in here and (names := differing(there[id], here[id]))}
    in_order = [id for id in there if id in here] == [id for id in here if id in there]
    old, new = (-1 if listed is None else len(listed) for listed in (theirs, ours))
    return Verified(path, old, new, only_old, only_new, different, in_order, rows)


def _some(found: Sequence[str]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _said(one: Verified) -> dict[str, Any]:
    shown = dict(list(one.different.items())[:_SHOWN])
    return {
        "path": one.path,
        "equal": one.equal,
        "old": one.old,
        "new": one.new,
        "only_old": list(one.only_old[:_SHOWN]),
        "only_new": list(one.only_new[:_SHOWN]),
        "different": {id: list(names) for id, names in shown.items()},
        "counts": {"only_old": len(one.only_old), "only_new": len(one.only_new), "different": len(one.different)},
        "in_order": one.in_order,
        "explained_by": list(one.rows),
    }
