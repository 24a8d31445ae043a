"""From a db.json to everything that is written: which collections, which files, which changes of tables."""

from collections.abc import Collection as Names
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from app.config import BACKEND
from app.declaring.collections import Collection, Left, Refused, parted, read
from app.declaring.revision import revision_source, slug
from app.declaring.sources import model_source, module, resources_source, schema_source
from app.declaring.tables import Change, table
from app.resource.ids import NUMBERS
from app.resource.record import InvalidRecord, check
from app.resource.resource import Resource

_RESOURCES = Path("app/resources.py")


class Plan(NamedTuple):
    """What is to be declared, what is declared so already, what cannot be; all files, by path from `backend/`."""

    declared: Sequence[Collection]
    fitting: Sequence[Collection]
    left: Sequence[Left]
    changes: Sequence[Change]
    files: Mapping[Path, str]


def plan(file: Path, only: Names[str], resources: Sequence[Resource]) -> Plan:
    """Raises `Refused`."""
    served = {resource.path: resource for resource in resources}
    found, left = parted(_chosen(read(file), only), {path: one.noun for path, one in served.items()})
    if not found:
        raise Refused(f"{file} has no list of objects{_instead(left)}.")
    fitting = [one for one in found if one.path in served and _fits(one, served[one.path])]
    declared = [one for one in found if one not in fitting]
    changes = [_change(one, served.get(one.path)) for one in declared]
    return Plan(declared, fitting, left, changes, _files(declared, changes) if declared else {})


def _chosen(found: Mapping[str, Any], only: Names[str]) -> Mapping[str, Any]:
    if unknown := [name for name in only if name not in found]:
        raise Refused(f"The file has no {', '.join(unknown)}; it has {', '.join(found) or 'nothing'}.")
    return {name: value for name, value in found.items() if name in only or not only}


def _instead(left: Sequence[Left]) -> str:
    return "".join(f"; {one.path}: {one.reason}" for one in left)


def _fits(collection: Collection, resource: Resource) -> bool:
    """Whether what is declared already takes every record as it is, and knows every field."""
    if collection.records and collection.numbered is not (resource.ids is NUMBERS):
        return False
    known = {one.found.name for one in collection.columns} <= resource.fields.keys()
    return known and all(_passes(record, resource) for record in collection.records) and _apart(collection, resource)


def _passes(record: Mapping[str, Any], resource: Resource) -> bool:
    try:
        check(record, resource, resource.create)
    except InvalidRecord:
        return False
    return True


def _apart(collection: Collection, resource: Resource) -> bool:
    """Whether no two records have the same where that is not allowed."""
    for name in resource.unique.values():
        values = [str(record[name]) for record in collection.records if record.get(name) is not None]
        if len(values) != len(set(values)):
            return False
    return True


def _change(collection: Collection, resource: Resource | None) -> Change:
    before = resource.table if resource else None
    return Change(before, table(collection), {one.name: one.found.name for one in collection.columns})


def _files(declared: Sequence[Collection], changes: Sequence[Change]) -> dict[Path, str]:
    before = _head()
    number = f"{int(before) + 1:04}" if before.isdecimal() else f"{before}_1"
    return {
        **{Path(f"app/models/{module(one)}.py"): model_source(one) for one in declared},
        **{Path(f"app/schemas/{module(one)}.py"): schema_source(one) for one in declared},
        _RESOURCES: resources_source((BACKEND / _RESOURCES).read_text(), declared),
        Path(f"alembic/versions/{number}_{slug(changes)}.py"): revision_source(number, before, changes),
    }


def _head() -> str:
    """The newest revision."""
    try:
        return ScriptDirectory.from_config(Config(BACKEND / "alembic.ini")).get_current_head() or "0000"
    except CommandError as error:
        raise Refused(f"The revisions in alembic/versions do not lead to one: {error}") from None
