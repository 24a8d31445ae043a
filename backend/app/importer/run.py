"""One import from end to end: `import_file`. Prints nothing; what there is to say is in the report."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from app.importer import settle
from app.importer.check import Row, examine, ordinary_row
from app.importer.connection import DatabaseFailed, connected
from app.importer.document import Cut, Document
from app.importer.entries import of_left_out, of_record, places_of
from app.importer.files import Input, output
from app.importer.journal import Journal, all_held_back, merged
from app.importer.json_text import Broken
from app.importer.load import Loader, begin
from app.importer.ordinary import Ordinary, fields
from app.importer.rejects import Rejects
from app.importer.report import Report, write
from app.importer.source import Source, Unreadable
from app.importer.verify import Tally, read_back
from app.schemas.patient import InvalidRecord

_EVERY = 2048


class Step(NamedTuple):
    """How far it is: bytes of the file while "reading", rows while "verifying". `total` is None for a pipe."""

    name: str
    done: int
    total: int | None
    records: int


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Options:
    """`dry_run`: find out, write nothing. `all_or_nothing`: write only if every record is good. `verify`: read back."""

    dry_run: bool = False
    all_or_nothing: bool = False
    verify: bool = True
    report: Path | None = None
    rejects: Path | None = None


def import_file(
    path: Path, dsn: str, options: Options = Options(), progress: Progress = lambda _: None
) -> Report:
    """Bring the patients of a db.json into the table at `dsn` (libpq's), in one transaction.

    What is wrong with the file or the database is told by the report's status. Raises `files.Unwritable` when the
    report or the rejects cannot be written.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        report_file = stack.enter_context(output(options.report, path))
        rejects = stack.enter_context(Rejects(stack.enter_context(output(options.rejects, path))))
        journal = stack.enter_context(Journal())
        try:
            report, journal = _import(stack, path, dsn, options, rejects, progress)
        except Unreadable as error:
            report = Report.unreadable(str(path), error)
        except (DatabaseFailed, OSError) as error:
            report = Report(str(path), status="failed", sentence=str(error))
        report.dry_run, report.seconds = options.dry_run, time.monotonic() - started
        write(report, journal, report_file)
    return report


def _import(
    stack: ExitStack, path: Path, dsn: str, options: Options, rejects: Rejects, progress: Progress
) -> tuple[Report, Journal]:
    """The report and its entries; the transaction is over. `stack` closes what must live as long as the entries."""
    report = Report(str(path))
    with Input(path) as source, connected(dsn) as connection:
        document = Document(Source(source.stream), Ordinary())
        loader = begin(connection)
        with Journal() as found:
            reading = _Reading(document, loader, found, rejects, source.size, progress)
            records = reading.run()
            source.demand_unchanged()
            written = loader.copied.plus(*settle.insert(connection))
            left_out = map(of_left_out, settle.left_out(connection, loader.base))
            journal = stack.enter_context(Journal(merged(found, left_out)))
        report.bytes, report.collections = document.source.taken_in, document.collections
        report.count(journal, records)
        if options.verify:
            report.verify = _verified(loader, written, progress)
        if options.all_or_nothing and report.status == "partial":
            report.hold_back()
            return report, stack.enter_context(Journal(all_held_back(journal, records)))
        if report.totals["migrated"] and not options.dry_run:
            loader.leave_sequence_behind(records)
            connection.commit()
    return report, journal


class _Reading(NamedTuple):
    """The pass over the file: each record is copied, put aside, or written down with its faults."""

    document: Document
    loader: Loader
    found: Journal
    rejects: Rejects
    size: int | None
    progress: Progress

    def run(self) -> int:
        """How many records there were."""
        index = -1
        with self.loader.copying():
            for index, item in enumerate(self.document.records()):
                row = self._examined(index, item) if isinstance(item, Cut) else ordinary_row(fields(item))
                if row is None:
                    continue
                if self.loader.is_new(row):
                    self.loader.copy(index, row)
                else:
                    cut = item if isinstance(item, Cut) else self.document.cut(item)
                    self.loader.put_aside(index, row, places_of(cut))
                if index % _EVERY == 0:
                    self.progress(Step("reading", self.document.source.taken_in, self.size, index))
        return index + 1

    def _examined(self, index: int, cut: Cut) -> Row | None:
        try:
            checked = examine(cut.raw)
        except Broken as error:
            raise self.document.refuse(cut, error) from None
        except InvalidRecord as error:
            self.found.add(of_record("rejected", index, cut, error.faults))
            self.rejects.add(cut.raw)
            return None
        if checked.warnings:
            self.found.add(of_record("warning", index, cut, checked.warnings))
        self.document.ordinary.learn(checked.names)
        return checked.row


def _verified(loader: Loader, written: Tally, progress: Progress) -> dict[str, int]:
    def on_rows(rows: int) -> None:
        progress(Step("verifying", rows, written.rows, rows))

    found = read_back(loader.connection, loader.base, on_rows)
    if found != written:
        raise DatabaseFailed("verification failed: the table does not hold what the file says; nothing was changed")
    return {"records": found.rows, "differ": 0}
