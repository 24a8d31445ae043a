"""Records of one resource, as bytes -> rows for COPY, or their faults. The rules are the API's own.

Most pass `plain`, many at a time, by pydantic-core's own reading of JSON. It proves, it never decides: what it does not
let through is for `examine`, which has every rule and names every fault.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context
from typing import Any, NamedTuple

from app.importer.json_text import demand_json
from app.importer.plain import Plain
from app.importer.salvage import UNKEPT, Salvage
from app.resource import strict_json
from app.resource.columns import EXTRA_BYTES
from app.resource.kinds import TEXT
from app.resource.record import Fault, InvalidRecord, Record, check, printable
from app.resource.resource import Resource
from app.resource.shapes import id_text

_PER_VALUE = 16  # bytes that PostgreSQL takes for a JSON value beside its text, at most
_LARGE = f"its fields that are not declared would take more than {EXTRA_BYTES >> 20} MiB together"
_ANY_NUMBER = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])

# What is said of a record that goes in: of its field, and of how many records there are like it. {of}: what an id is
# made from; {keys}: the fields whose numbers become texts.
WARNINGS = {
    "made": ("is missing; it was made from {of}", "had no id; one was made from {of}, the same on every run"),
    "counted": (
        "is missing; the next free one was given",
        "had no id; the next free numbers were given, in file order",
    ),
    "number": ("was a number and is kept as text", "had a number as {keys}; it is kept as text"),
    "text": (
        "was text and is kept as the number",
        "had the text of a number where a number belongs; it is kept as the number",
    ),
    "truth": (
        "was text and is kept as true or false",
        "had the text of true or false where one of them belongs; it is kept as that",
    ),
    "rounded": (
        "has a number of more digits than are kept",
        "had numbers of more digits than a double holds; they are kept as JavaScript reads them",
    ),
}


class Checked(NamedTuple):
    """A row, and what is to be said of the record although it is good."""

    row: str
    warnings: list[Fault]


class Checker:
    """Checks the records of one resource. `columns`: of its rows, in their order."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._plain = Plain(resource)
        self.columns = self._plain.columns
        self.plain = self._plain.rows
        self._keys = text_keys(resource)

    def examine(self, raw: bytes) -> Checked:
        """Check one element of the list.

        Raises `InvalidRecord` with its faults, and `json_text.Broken` if it is not JSON at all.
        """
        if not raw.startswith(b"{"):
            demand_json(raw)
            raise InvalidRecord([Fault("", "object", "a record must be an object")])
        body, unkept, names = self._read_object(raw)
        numbers = {name: body[name] for name in self._keys if type(body.get(name)) in (int, float)}
        body |= {name: id_text(number) for name, number in numbers.items()}
        record = self._checked(body, unkept, names)
        if _is_large(record.extra, len(raw)):
            raise InvalidRecord([Fault("", "size", _LARGE)])
        made = list(self._made_id(record, body))
        warnings = [*made, *_number_warnings(numbers), *self._from_text(record, body), *self._rounded(body, raw)]
        return Checked(self._plain.row(record.columns, record.extra), warnings)

    def _read_object(self, raw: bytes) -> tuple[dict[str, Any], list[Fault], Set[str]]:
        """Its members; of one that cannot be kept as it is those that can, why not all, and the names it has."""
        try:
            return strict_json.loads(raw), [], set()
        except strict_json.InvalidJSON as error:
            demand_json(raw)
            salvage = Salvage(raw, self.resource.fields)
            return salvage.body, salvage.faults or [Fault("", UNKEPT, error.reason)], salvage.names

    def _checked(self, body: Mapping[str, Any], unkept: list[Fault], names: Set[str]) -> Record:
        faults: list[Fault] = []
        try:
            record = check(body, self.resource, self.resource.create)
        except InvalidRecord as error:
            faults = [fault for fault in error.faults if fault.field in body or fault.field not in names]
        if faults or unkept:
            raise InvalidRecord(faults + unkept)
        return record

    def _made_id(self, record: Record, body: Mapping[str, Any]) -> Iterator[Fault]:
        """See that a record has an id, unless the table counts. The same file makes the same ids on every run."""
        if record.columns.get("id") is None and type(body.get("id")) is int:
            record.columns["id"] = 0  # where a POST would get another
        if record.columns.get("id") is not None:
            return
        if self.resource.ids.kind is TEXT:
            record.columns["id"] = hashlib.sha256(self._made_from(record, body).encode()).hexdigest()[:16]
            yield self._warning("id", "made")
        else:
            yield self._warning("id", "counted")

    def _made_from(self, record: Record, body: Mapping[str, Any]) -> str:
        """The field's value, where the record has one; else all of it, in whatever order its fields stand."""
        field = self.resource.fields.get(self.resource.made_from or "")
        value = record.columns.get(field.column) if field else None
        whole = {name: value for name, value in body.items() if name != "id"}
        return field.kind.copy(value) if field and value is not None else json.dumps(whole, sort_keys=True)

    def _from_text(self, record: Record, body: Mapping[str, Any]) -> Iterator[Fault]:
        """A warning for each text that became a value of another kind. A day is a text on the wire."""
        for name, field in self.resource.fields.items():
            kept = record.columns.get(field.column)
            if isinstance(body.get(name), str) and isinstance(kept, int | float) and field.kind.scalar:
                yield _warning(name, "truth" if isinstance(kept, bool) else "text")

    def _rounded(self, body: Mapping[str, Any], raw: bytes) -> Iterator[Fault]:
        """A warning for each value with a number that no double holds: it is kept as JSON.parse reads it."""
        fields = self.resource.fields
        rounding = {name: value for name, value in body.items() if name not in fields or not fields[name].kind.scalar}
        exact = json.loads(raw, parse_float=_unless_rounded) if rounding else {}
        return (_warning(printable(name), "rounded") for name, value in rounding.items() if exact[name] != value)

    def _warning(self, name: str, code: str) -> Fault:
        return Fault(name, code, WARNINGS[code][0].format(of=made_of(self.resource)))


def text_keys(resource: Resource) -> Sequence[str]:
    """Unique fields of text: a number becomes its text, what json-server does with an id when it loads db.json."""
    return [name for name, field in resource.fields.items() if name in resource.unique.values() and field.kind is TEXT]


def made_of(resource: Resource) -> str:
    """What an id that is missing is made from, in words."""
    return f"the {resource.made_from}" if resource.made_from else "the whole record"


def said_of_many(resource: Resource, code: str) -> str:
    """What is said of all records with this warning."""
    return WARNINGS[code][1].format(of=made_of(resource), keys=" or ".join(text_keys(resource)))


def _warning(name: str, code: str) -> Fault:
    return Fault(name, code, WARNINGS[code][0])


def _number_warnings(names: Iterable[str]) -> list[Fault]:
    return [_warning(name, "number") for name in names]


def _is_large(extra: dict[str, Any], length: int) -> bool:
    """Whether the table might refuse it, which would be the end of the whole import."""
    if length + 2 * _PER_VALUE * strict_json.MAX_VALUES <= EXTRA_BYTES:
        return False
    text = json.dumps(extra, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) + _PER_VALUE * strict_json.size(extra)[0] > EXTRA_BYTES


def _unless_rounded(digits: str) -> float | str:
    number = float(digits)
    return number if _ANY_NUMBER.create_decimal(digits) == _ANY_NUMBER.create_decimal(repr(number)) else digits
