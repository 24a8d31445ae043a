"""One import of a db.json that is standard input. The row says how far it is, and what became of it."""

import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg

from app.apart.order import Order, Task
from app.importer.files import STANDARD_INPUT, Kept
from app.importer.report import Report
from app.importer.run import Options, Step, import_file
from app.imports.rows import (
    DONE,
    FAILED,
    GONE_SERVER,
    LOST,
    READING,
    REJECTS,
    REPORT,
    SETTLING,
    VERIFYING,
    JobRow,
    Outcome,
)
from app.resource.resource import Resource

_STATES = {"reading": READING, "verifying": VERIFYING}
_NAME = "db.json"  # of the file, whatever it is called where it comes from


class Importing(Task):
    def __init__(self, order: Order, resources: Sequence[Resource]) -> None:
        self._order, self._dsn, self._resources = order, order["dsn"], resources
        self._row = JobRow(self._dsn, order["id"])
        self._step = Step("reading", 0, None, 0)
        self._committing = False
        self._report, self._rejects, self._brief = Kept("the report"), Kept("the rejected records"), Kept("the report")

    def run(self) -> int:
        author = (self._order["who"], self._order["id"])
        options = Options(
            dry_run=self._order["dry_run"],
            all_or_nothing=self._order["all_or_nothing"],
            report=self._report,
            rejects=self._rejects,
            brief=self._brief,
            name=_NAME,
            author=author,
        )
        report = import_file(
            STANDARD_INPUT, self._dsn, self._resources, options, progress=self._progress, before_commit=self._commit
        )
        _finish_what_is_begun()
        if report.sentence or not self._committing:
            self._row.over(self._outcome(report))  # of a commit that nobody knows of, the row knows
        return 0

    def goes_on(self) -> bool:
        """A database that does not answer is asked again in a second."""
        with suppress(psycopg.Error):
            return self._row.progress(state=_STATES.get(self._step.name, SETTLING), **_told(self._step))
        return True

    def give_up(self) -> None:
        with suppress(psycopg.Error):
            self._row.over(Outcome(LOST, GONE_SERVER))

    def _progress(self, step: Step) -> None:
        self._step = step

    def _commit(self, connection: psycopg.Connection[Any], report: Report) -> None:
        _finish_what_is_begun()
        self._committing = True
        if not self._row.over(self._outcome(report), connection):
            raise KeyboardInterrupt

    def _outcome(self, report: Report) -> Outcome:
        if report.sentence:
            return Outcome(FAILED, _sentence(report), self._brief.file.read().decode())
        files = {REPORT: self._report.file, REJECTS: self._rejects.file}
        return Outcome(DONE, None, self._brief.file.read().decode(), report.totals["records"], files)


def _told(step: Step) -> dict[str, Any]:
    return {"step": step.name, "done": step.done, "total": step.total, "records": step.records}


def _sentence(report: Report) -> str:
    """What is wrong, and where that is one place."""
    at = report.file_errors[0] if report.file_errors else {}
    where = f"line {at['line']}, column {at['column']}: " if "line" in at else ""
    return f"{where}{report.sentence}. Nothing was changed."


def _finish_what_is_begun() -> None:
    """From the commit on an interruption could only hide what was done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
