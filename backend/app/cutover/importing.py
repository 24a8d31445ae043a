"""All that the old side has, imported into the database of the new one when a move begins."""

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.importer.report import Report
from app.importer.run import Options, import_file
from app.resource.resource import Resource

REPORT = "import.json"

Lists = Mapping[str, Sequence[Mapping[str, Any]]]
"""The records of each resource, by its path."""


class Bad(NamedTuple):
    """A record that the importer does not take, and why, by field."""

    path: str
    place: int
    reasons: Mapping[str, str]


class Import(NamedTuple):
    report: Report
    bad: Sequence[Bad]


def imported(lists: Lists, resources: Sequence[Resource], database: str, folder: Path) -> Import:
    """All that is good of these lists, in their order, in place of what the tables hold, in one transaction.

    The report of the first try is kept in the folder: it names each record that is not good.
    """
    done = _tried(lists, resources, database, folder / REPORT)
    if not done.bad:
        return done
    good = {
        path: _without(records, {bad.place for bad in done.bad if bad.path == path}) for path, records in lists.items()
    }
    return done._replace(report=_tried(good, resources, database, folder / f"second-{REPORT}").report)


def _tried(lists: Lists, resources: Sequence[Resource], database: str, report: Path) -> Import:
    with tempfile.NamedTemporaryFile("w", dir=report.parent, prefix="import-", suffix=".json") as file:
        json.dump(lists, file, ensure_ascii=False)
        file.flush()
        done = import_file(Path(file.name), database, resources, Options(replace=True, report=report))
    return Import(done, list(_bad(report)) if done.status == "partial" else [])


def _bad(report: Path) -> Iterator[Bad]:
    for entry in json.loads(report.read_bytes())["records"]:
        reasons = {error["field"] or "": error["message"] for error in entry["errors"] if error["code"] != "held_back"}
        if reasons:
            path = entry["pointer"].split("/")[1]
            yield Bad(path.replace("~1", "/").replace("~0", "~"), entry["index"], reasons)


def _without(records: Sequence[Mapping[str, Any]], indices: Collection[int]) -> Sequence[Mapping[str, Any]]:
    return [record for index, record in enumerate(records) if index not in indices]
