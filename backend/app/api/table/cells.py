"""How records look in a table: its columns, and a value in a cell. Pure."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from app.api.table.states import State
from app.resource.kinds import NUMBER, WHOLE
from app.resource.resource import Resource

_LONG = 120  # characters of a value in a cell
_UNDECLARED = 40  # columns of fields that nobody declared
_NUMBERS = (WHOLE, NUMBER)
_WAYS = ("ascending", "descending")  # ARIA's words

Record = Mapping[str, Any]


class Column(NamedTuple):
    """A column's head: how it sorts now, the address of the next way, and that with the column, or without it."""

    name: str
    number: bool
    way: str
    sort: str
    toggle: str
    shown: bool


class Cell(NamedTuple):
    """What stands in it, what it leads to ("": nothing), and its whole value where that is only the beginning."""

    text: str
    number: bool = False
    href: str = ""
    whole: str = ""


class Line(NamedTuple):
    id: str
    cells: Sequence[Cell]


def columns(resource: Resource, records: Iterable[Record], state: State) -> list[Column]:
    """The declared fields, and what else these records have."""
    others = dict.fromkeys(name for record in records for name in record if name not in resource.fields)
    return [_column(resource, name, state) for name in (*resource.fields, *list(others)[:_UNDECLARED])]


def _column(resource: Resource, name: str, state: State) -> Column:
    way, sort = state.sorted_by(name, _WAYS)
    return Column(name, _is_number(resource, name), way, sort, state.toggled(name), name not in state.hidden)


def _is_number(resource: Resource, name: str) -> bool:
    field = resource.fields.get(name)
    return bool(field and field.kind in _NUMBERS)


class Cells(NamedTuple):
    """The cells of a resource's records, whose pages stand below an address; `keys` are its fields that hold an id of
    another, with the address of those."""

    resource: Resource
    below: str
    keys: Mapping[str, str]

    def row(self, record: Record, names: Collection[str]) -> Line:
        return Line(text(record.get("id")), [self.cell(name, record.get(name)) for name in names])

    def cell(self, name: str, value: Any, *, whole: bool = False) -> Cell:
        said = "" if value is None else text(value)
        short = said if whole or len(said) <= _LONG else said[:_LONG] + "…"
        below = self.below if name == "id" else self.keys.get(name, "")
        href = one(below, said) if said and below else ""
        return Cell(short, _is_number(self.resource, name), href, said if short != said else "")


def one(below: str, key: str) -> str:
    """The address of a record's page."""
    return f"{below}/{quote(key, safe='')}"


def text(value: Any) -> str:
    """A JSON value for people: a text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
