"""One record's bytes -> a row for COPY, or its faults. The rules are the API's own (`schemas/patient.py`)."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Set
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context
from typing import Any, NamedTuple

from app.importer.json_text import demand_json
from app.importer.salvage import UNKEPT, Salvage
from app.resource import strict_json
from app.resource.columns import EXTRA_BYTES
from app.resource.record import Fault, InvalidRecord, Record, check, printable
from app.resource.shapes import id_text
from app.resources import PATIENTS

_PER_VALUE = 16  # bytes that PostgreSQL takes for a JSON value beside its text, at most
_LARGE = f"its fields that are not declared would take more than {EXTRA_BYTES >> 20} MiB together"

# What is said of a record that goes in: of its field, and of how many records there are like it.
WARNINGS = {
    "made": (
        "is missing; it was made from the patientID",
        "had no id; one was made from the patientID, the same on every run",
    ),
    "number": ("was a number and is kept as text", "had a number as id or patientID; it is kept as text"),
    "text": (
        "was text and is kept as the number",
        "had the text of a number where a number belongs; it is kept as the number",
    ),
    "rounded": (
        "has a number of more digits than are kept",
        "had numbers of more digits than a double holds; they are kept as JavaScript reads them",
    ),
}

KEYS = ("id", "patientID")  # a number becomes its text: what json-server does with an id when it loads db.json

# What COPY's text format escapes (PostgreSQL, COPY, "Text Format"), so that COPY TO gives back the same bytes.
_ESCAPES = str.maketrans({"\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"})
_ANY_NUMBER = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])


class Row(NamedTuple):
    """A good record as COPY's text format has it: columns from `id` to `extra`, without the position before them."""

    id: bytes
    patient_id: bytes
    line: bytes


class Checked(NamedTuple):
    """A row, what is to be said of it although it is good, and its fields in their order."""

    row: Row
    warnings: list[Fault]
    names: tuple[str, ...]


def ordinary_row(values: tuple[bytes, ...]) -> Row:
    """The row of a record that `ordinary` has proven, from its values in column order."""
    return Row(values[0], values[1], b"\t".join(values) + b"\t{}\n")


def examine(raw: bytes) -> Checked:
    """Check one element of the list.

    Raises `InvalidRecord` with its faults, and `json_text.Broken` if it is not JSON at all.
    """
    if not raw.startswith(b"{"):
        demand_json(raw)
        raise InvalidRecord([Fault("", "object", "a record must be an object")])
    body, unkept, names = _read_object(raw)
    numbers = {name: body[name] for name in KEYS if type(body.get(name)) in (int, float)}
    body |= {name: id_text(number) for name, number in numbers.items()}
    faults: list[Fault] = []
    try:
        record = check(body, PATIENTS, PATIENTS.create)
    except InvalidRecord as error:
        faults = [fault for fault in error.faults if fault.field in body or fault.field not in names]
    faults += unkept
    if not faults and _is_large(record.extra, len(raw)):
        faults = [Fault("", "size", _LARGE)]
    if faults:
        raise InvalidRecord(faults)
    warnings = _made_id(record) + _numbers(numbers) + _from_text(record, body) + _rounded(record.extra, raw)
    return Checked(_row(record), warnings, tuple(body))


def _read_object(raw: bytes) -> tuple[dict[str, Any], list[Fault], Set[str]]:
    """Its members; of one that cannot be kept as it is those that can, why not all, and the names it has."""
    try:
        return strict_json.loads(raw), [], set()
    except strict_json.InvalidJSON as error:
        demand_json(raw)
        salvage = Salvage(raw)
        return salvage.body, salvage.faults or [Fault("", UNKEPT, error.reason)], salvage.names


def _is_large(extra: dict[str, Any], length: int) -> bool:
    """Whether the table might refuse it, which would be the end of the whole import."""
    if length + 2 * _PER_VALUE * strict_json.MAX_VALUES <= EXTRA_BYTES:
        return False
    return len(_compact(extra).encode()) + _PER_VALUE * strict_json.size(extra)[0] > EXTRA_BYTES


def _compact(extra: dict[str, Any]) -> str:
    return json.dumps(extra, ensure_ascii=False, separators=(",", ":"))


def _warning(name: str, code: str) -> Fault:
    return Fault(name, code, WARNINGS[code][0])


def _made_id(record: Record) -> list[Fault]:
    """See that the record has an id. The same file makes the same ids on every run."""
    if record.columns.get("id") is not None:
        return []
    record.columns["id"] = hashlib.sha256(record.columns["patient_id"].encode()).hexdigest()[:16]
    return [_warning("id", "made")]


def _from_text(record: Record, body: Mapping[str, Any]) -> list[Fault]:
    texts = [field for name, field in PATIENTS.fields.items() if isinstance(body.get(name), str)]
    numbers = [field.name for field in texts if isinstance(record.columns[field.column], int)]
    return [_warning(name, "text") for name in numbers]


def _numbers(names: Iterable[str]) -> list[Fault]:
    return [_warning(name, "number") for name in names]


def _rounded(extra: dict[str, Any], raw: bytes) -> list[Fault]:
    """A warning for each undeclared field with a number that no double holds: it is kept as JSON.parse reads it."""
    exact = json.loads(raw, parse_float=_unless_rounded) if extra else {}
    return [_warning(printable(name), "rounded") for name, value in extra.items() if exact[name] != value]


def _unless_rounded(digits: str) -> float | str:
    number = float(digits)
    return number if _ANY_NUMBER.create_decimal(digits) == _ANY_NUMBER.create_decimal(repr(number)) else digits


def _row(record: Record) -> Row:
    values = [_copy_text(record.columns[column]) for column in PATIENTS.columns[1:-1]]
    values.append(_copy_text(_compact(record.extra)))
    return Row(values[0], values[1], b"\t".join(values) + b"\n")


def _copy_text(value: str | int | dt.date) -> bytes:
    return str(value).translate(_ESCAPES).encode()
