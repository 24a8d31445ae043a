"""A db.json as collections to be declared, and what of it cannot be. Pure but for `read`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from app.declaring import names
from app.declaring.evidence import Evidence, Found
from app.resource import kinds
from app.resource.columns import MAX_NUMBER
from app.resource.plurals import singular
from app.resource.resource import RESERVED, shapes, unusable

MOST_FIELDS = 250  # of one collection; PostgreSQL has room for 1,600 columns, a person's patience for fewer
_ADDRESS = re.compile(r"\w[\w .~-]*")
_LONGEST = 45  # bytes of a table's name: the names of its constraints begin with it
_IGNORED = "$schema"  # an editor's hint; json-server drops it too
_REFERENCE = re.compile(r".+(?:Id|ID|_id|-id)")
_SORTED = (kinds.DAY, kinds.WHOLE, kinds.NUMBER)  # of bounded size, and what lists are ordered and bounded by
_SOME = 5  # indexes that nobody asked for: each costs every write


class Refused(Exception):
    """Nothing was declared; the text is a sentence that says why."""


class Column(NamedTuple):
    """A field to be declared."""

    found: Found
    name: str
    """Of its column and in Python."""
    indexed: bool

    @property
    def bounded(self) -> bool:
        """Whether its texts must be short, so that its index can hold each."""
        return self.indexed and self.found.kind is kinds.TEXT


class Collection(NamedTuple):
    """A collection to be declared: a list of objects."""

    path: str
    noun: str
    records: Sequence[Mapping[str, Any]]
    numbered: bool
    columns: Sequence[Column]
    undeclared: Sequence[str]
    """Fields whose names can have no column: kept and served, but not checked."""


class Left(NamedTuple):
    """A member of the file that is not declared, and why."""

    path: str
    reason: str


def read(file: Path) -> Mapping[str, Any]:
    """The file's object. Raises `Refused`."""
    try:
        found = json.loads(file.read_bytes().decode("utf-8-sig"), parse_constant=_constant)
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}.") from None
    except json.JSONDecodeError as error:
        raise Refused(f"{file} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise Refused(f"{file} is not JSON: {_reason(error)}.") from None
    if not isinstance(found, dict):
        raise Refused(f'{file} is no db.json: an object of lists is wanted, {{"name": [...]}}.')
    return {name: value for name, value in found.items() if name != _IGNORED}


def parted(file: Mapping[str, Any], served: Mapping[str, str]) -> tuple[list[Collection], list[Left]]:
    """What can be declared, and what cannot. `served`: the nouns of what is declared already, by path."""
    left = [Left(path, reason) for path, value in file.items() if (reason := _obstacle(path, value))]
    paths = [path for path in file if path not in {one.path for one in left}]
    called = dict(served)
    for path in paths:
        called.setdefault(path, _noun(path, called.values()))
    return [collection(path, called[path], file[path]) for path in paths], left


def collection(path: str, noun: str, records: Sequence[Mapping[str, Any]]) -> Collection:
    """What the records come to."""
    values: dict[str, list[Any]] = {}
    for name, value in (member for record in records for member in record.items()):
        values.setdefault(name, []).extend([] if value is None else [value])
    ids = values.pop("id", [])
    declared = [name for name in values if names.declarable(name)][:MOST_FIELDS]
    found = [Found(Evidence(name, values.pop(name), len(records))) for name in declared]
    numbered = len(ids) == len(records) > 0 and all(map(_is_number, ids))
    return Collection(path, noun, records, numbered, list(_columns(found)), list(values))


def _noun(path: str, others: Iterable[str]) -> str:
    """What one of them is called: json-server's word, or another where two collections would have the same."""
    taken = {name for noun in others for name in _classes(noun)}
    words = chain((singular(path), path), (f"{path}-{number}" for number in count(2)))
    return next(word for word in words if taken.isdisjoint(_classes(word)))


def _classes(noun: str) -> list[str]:
    """What is called after it: its classes, its modules, its shapes in the API's description."""
    return [names.title(noun).lower(), names.identifier(noun), *(name.lower() for name in shapes(noun))]


def _columns(found: Sequence[Found]) -> Iterator[Column]:
    taken: set[str] = set()
    others = [one for one in found if one.kind in _SORTED and not _REFERENCE.fullmatch(one.name)][:_SOME]
    for one in found:
        name = names.identifier(one.name, taken)
        taken.add(name)
        refers = bool(_REFERENCE.fullmatch(one.name)) and one.kind is not kinds.JSON and one.short
        yield Column(one, name, refers or one in others)


def _obstacle(path: str, value: Any) -> str:
    """Why a member of the file cannot be declared; empty if it can."""
    if not isinstance(value, list):
        return "it is an object" if isinstance(value, dict) else "it is a single value"
    if strangers := sum(not isinstance(one, dict) for one in value):
        return f"{strangers} of its {len(value)} elements are no objects"
    if path in RESERVED:
        return f"/{path} is an address of the server's own"
    if reason := unusable(path):
        return reason
    if not _ADDRESS.fullmatch(path):
        return "its name has characters that an address cannot have"
    return f"its name has more than {_LONGEST} bytes" if len(path.encode()) > _LONGEST else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no value of JSON")


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"its text is not UTF-8 at byte {error.start}"
    return "it is nested too deep" if isinstance(error, RecursionError) else str(error)
