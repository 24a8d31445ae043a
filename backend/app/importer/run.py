"""One import from end to end: `import_file`. Prints nothing; what there is to say is in the report."""

import re
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from psycopg.sql import Composed

from app.importer import ordinary, settle
from app.importer.account import Account
from app.importer.check import Row, examine, ordinary_row
from app.importer.connection import DatabaseFailed, connected
from app.importer.document import Cut, Document
from app.importer.entries import Entry, key_offsets, of_left_out, of_record, places_of
from app.importer.files import Input, Unwritable, output
from app.importer.journal import Journal, all_held_back, merged
from app.importer.json_text import Broken
from app.importer.load import Loader, begin, known
from app.importer.mistaken import explained
from app.importer.ordinary import Ordinary, fields
from app.importer.rejects import Rejects
from app.importer.replace import make_room, put_in_order, rows
from app.importer.report import Report
from app.importer.source import Source, Unreadable
from app.importer.spool import Spool
from app.importer.verify import Tally, behind, read_back
from app.resource.record import InvalidRecord

_EVERY = 2048


class Step(NamedTuple):
    """How far it is, for people: bytes of the file, then rows. `total` is None where it cannot be known."""

    name: str
    done: int
    total: int | None
    records: int


Progress = Callable[[Step], None]


@dataclass(frozen=True)
class Options:
    """`dry_run`: find out, write nothing. `all_or_nothing`: write only if every record is good. `verify`: read back.

    `replace`: as `all_or_nothing`, and what the file does not have goes.
    """

    dry_run: bool = False
    all_or_nothing: bool = False
    verify: bool = True
    report: Path | None = None
    rejects: Path | None = None
    replace: bool = False


def import_file(
    path: Path,
    database: str | AbstractContextManager[str],
    options: Options = Options(),
    progress: Progress = lambda _: None,
    before_commit: Callable[[], object] = lambda: None,
) -> Report:
    """Bring the patients of a db.json into the table, in one transaction.

    `database` is libpq's DSN, or yields one while it is needed (it may raise `DatabaseFailed`). What is wrong with the
    file or the database is told by the report's status. The report and the rejects are on the disk before the commit,
    and in their place after it; an exception leaves them as they were. `before_commit` is called when nothing can be
    taken back any more. Raises `files.Unwritable` when the report or the rejects cannot be begun.
    """
    with (
        output(options.report, path) as report,
        output(options.rejects, path, options.report) as rejects,
        ExitStack() as kept,
    ):
        account = Account(report, rejects)
        dsn = nullcontext(database) if isinstance(database, str) else database
        return _Import(path, options, account, progress, before_commit, kept, time.monotonic()).run(dsn)


class _Import(NamedTuple):
    """One import. `kept` closes at the end what must live as long as the report is written."""

    path: Path
    options: Options
    account: Account
    progress: Progress
    before_commit: Callable[[], object]
    kept: ExitStack
    started: float

    def run(self, database: AbstractContextManager[str]) -> Report:
        try:
            with Input(self.path) as source:
                document = Document(Source(source.stream), Ordinary())
                with database as dsn:
                    return self._staged(source, document, dsn)
        except Unreadable as error:
            report = Report.unreadable(str(self.path), explained(self.path, error))
        except (DatabaseFailed, Unwritable) as error:
            report = Report.failed(str(self.path), str(error))
        except OSError as error:  # no room for temporary files
            report = Report.failed(str(self.path), f"{error.strerror}")
        self.account.tell_failure(self._finished(report))
        return report

    def _staged(self, source: Input, document: Document, dsn: str) -> Report:
        """Read all of it before the table is locked: a pipe that stalls, or a long record, stops nobody."""
        with connected(dsn) as connection:
            table = known(connection)
        with Spool(table.keys, all_aside=self.options.replace) as spool, Journal() as found:
            records = self._read(document, spool, found, source.size)
            source.demand_unchanged()
            with connected(dsn) as connection:
                self.progress(Step("waiting for writers", 0, None, 0))
                loader = begin(connection, spool)
                loader.load(table.then, self._told("writing", spool.new))
                return self._transaction(document, loader, found, records)

    def _transaction(self, document: Document, loader: Loader, found: Journal, records: int) -> Report:
        report = Report(str(self.path), bytes=document.source.taken_in, collections=document.collections)
        written, journal = self._settled(loader, found, report)
        report.count(journal, records)
        replaced = self.options.replace and report.status == "complete"
        if replaced:
            written = put_in_order(loader)
        if self.options.verify:
            report.verify = self._verify(loader, rows(loader) if replaced else behind(loader.base), written)
        if (self.options.all_or_nothing or self.options.replace) and report.status == "partial":
            report.hold_back()
            journal = self._journal(all_held_back(journal, records))
        self.account.write(self._finished(report), journal)
        if (report.totals["migrated"] or replaced) and not self.options.dry_run:
            self.before_commit()
            loader.commit(records)
        self.account.show(report)
        return report

    def _settled(self, loader: Loader, found: Journal, report: Report) -> tuple[Tally, Journal]:
        """What was written, and an entry for each record of which there is something to say."""
        aside = loader.spool.aside
        self.progress(Step("settling duplicates", 0, None, aside))
        if self.options.replace:
            report.went = make_room(loader)._asdict()
        written, left_out = settle.settle(loader) if aside else (loader.copied, iter(()))
        return written, self._journal(merged(found, map(of_left_out, left_out)))

    def _finished(self, report: Report) -> Report:
        report.dry_run, report.seconds = self.options.dry_run, time.monotonic() - self.started
        return report

    def _read(self, document: Document, spool: Spool, found: Journal, size: int | None) -> int:
        """Every record is spooled, or written down with its faults. How many there were."""
        index = -1
        with self.account.rejects.anew() as file, Rejects(file) as rejects:
            for index, item in enumerate(document.records()):
                if isinstance(item, Cut):
                    row = self._examined(index, item, document, found, rejects)
                else:
                    row = ordinary_row(fields(item))
                if row and spool.is_new(row):
                    spool.add(index, row)
                elif row:
                    spool.put_aside(index, row, _places(document, item))
                if index % _EVERY == 0:
                    self.progress(Step("reading", document.source.taken_in, size, index))
        return index + 1

    def _examined(self, index: int, cut: Cut, document: Document, found: Journal, rejects: Rejects) -> Row | None:
        try:
            checked = examine(cut.raw)
        except Broken as error:
            raise document.refuse(cut, error) from None
        except InvalidRecord as error:
            found.add(of_record("rejected", index, cut, error.faults))
            rejects.add(cut.raw)
            return None
        if checked.warnings:
            found.add(of_record("warning", index, cut, checked.warnings))
        document.ordinary.learn(checked.names)
        return checked.row

    def _verify(self, loader: Loader, query: Composed, written: Tally) -> dict[str, int]:
        stored = read_back(loader.connection, query, self._told("verifying", written.rows))
        if stored != written:
            raise DatabaseFailed("verification: the table does not hold what the file says; nothing was changed")
        return {"records": stored.rows, "differ": 0}

    def _told(self, step: str, total: int) -> Callable[[int], None]:
        """What tells of a step that counts rows."""
        return lambda done: self.progress(Step(step, done, total, done))

    def _journal(self, entries: Iterable[Entry]) -> Journal:
        journal = self.kept.enter_context(Journal())
        for entry in entries:
            journal.add(entry)
        return journal


def _places(document: Document, item: re.Match[bytes] | Cut) -> str:
    offsets = key_offsets(item.raw) if isinstance(item, Cut) else ordinary.key_offsets(item)
    return places_of(document.cut(item), offsets)
