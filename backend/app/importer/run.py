"""One import from end to end: `import_file`. Prints nothing; what there is to say is in the report."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection

from app.importer import replace, settle, stage
from app.importer.connection import DatabaseFailed, connected
from app.importer.document import Document
from app.importer.entries import Entry
from app.importer.files import Input, Output, Unwritable, output
from app.importer.journal import NOT_IN, Journal, merged
from app.importer.mistaken import explained
from app.importer.outputs import Outputs
from app.importer.reading import Reading
from app.importer.rejects import Rejects
from app.importer.report import Report, Tally
from app.importer.source import Source, Unreadable
from app.importer.stage import Stage
from app.resource.journal import IMPORT
from app.resource.resource import Resource

_EVERY = 2048


class Step(NamedTuple):
    """How far it is, for people, in bytes. `total` is None where it cannot be known."""

    name: str
    done: int
    total: int | None
    records: int


Progress = Callable[[Step], None]
BeforeCommit = Callable[[Connection[Any], Report], object]


@dataclass(frozen=True)
class Options:
    """`dry_run`: find out, write nothing. `all_or_nothing`: write only if every record is good. `verify`: read back.

    `replace`: as `all_or_nothing`, and what the file does not have goes, from the tables of the collections it has.
    `brief`: for the report with its first entries alone. `name`: of the file in the report; of its path, unless said.
    `author`: who is on record, and for which request.
    """

    dry_run: bool = False
    all_or_nothing: bool = False
    verify: bool = True
    report: Path | Output | None = None
    rejects: Path | Output | None = None
    replace: bool = False
    brief: Output = field(default_factory=Output)
    name: str = ""
    author: tuple[str, str | None] = (IMPORT, None)


def import_file(
    path: Path,
    database: str | AbstractContextManager[str],
    resources: Sequence[Resource],
    options: Options = Options(),
    *,
    progress: Progress = lambda _: None,
    before_commit: BeforeCommit = lambda *_: None,
) -> Report:
    """Bring the records of a db.json into the tables of these resources, in one transaction.

    `database` is libpq's DSN, or yields one while it is needed (it may raise `DatabaseFailed`). What is wrong with the
    file or the database is told by the report's status. The report and the rejects are on the disk before the commit,
    and in their place after it; an exception leaves them as they were. `before_commit` is called when nothing can be
    taken back any more, with the connection whose transaction it is, and with what is reported; what it raises takes
    all back. Raises `files.Unwritable` when the report or the rejects cannot be begun.
    """
    with (
        output(options.report, path) as report,
        output(options.rejects, path, options.report) as rejects,
        ExitStack() as kept,
    ):
        outputs = Outputs(report, rejects, options.brief)
        dsn = nullcontext(database) if isinstance(database, str) else database
        began = time.monotonic()
        return _Import(path, resources, options, outputs, progress, before_commit, kept, began).run(dsn)


class _Import(NamedTuple):
    """One import. `kept` closes at the end what must live as long as the report is written."""

    path: Path
    resources: Sequence[Resource]
    options: Options
    outputs: Outputs
    progress: Progress
    before_commit: BeforeCommit
    kept: ExitStack
    began: float

    def run(self, database: AbstractContextManager[str]) -> Report:
        try:
            with Input(self.path) as source:
                document = Document(Source(source), [resource.path for resource in self.resources])
                with database as dsn:
                    return self._through(source, document, dsn)
        except Unreadable as error:
            report = Report.unreadable(self.name, explained(self.path, error))
        except (DatabaseFailed, Unwritable) as error:
            report = Report.failed(self.name, str(error))
        except OSError as error:  # no room for temporary files
            report = Report.failed(self.name, f"{error.strerror}")
        self.outputs.tell_failure(self._finished(report))
        return report

    def _through(self, source: Input, document: Document, dsn: str) -> Report:
        """Read all of it before a table is locked: a pipe that stalls, or a long record, stops nobody."""
        with connected(dsn) as connection:
            stage.demand_tables(connection, self.resources)
        readings = self._read(document, source)
        source.demand_unchanged()
        with connected(dsn) as connection:
            stage.settings(connection, *self.options.author)
            stages = [self._staged(Stage(connection, one.resource, number), one) for number, one in enumerate(readings)]
            self._say("waiting for writers")
            stage.lock(stages)
            report = Report(self.name, bytes=document.source.taken_in, unserved=document.unserved)
            self._settle(report, source, readings, stages)
            if report.totals["migrated"] or (self.options.replace and report.status == "complete"):
                self._commit(connection, report, stages)
        self.outputs.show(report)
        return report

    def _read(self, document: Document, source: Input) -> list[Reading]:
        """The collections of the file that are declared, in its order; their good records are spooled."""
        declared, readings = {resource.path: resource for resource in self.resources}, list[Reading]()
        with self.outputs.rejects.anew() as file, Rejects(file) as rejects:
            for name in document.lists():
                readings.append(self.kept.enter_context(Reading(declared[name])))
                rejects.begin(name)
                due = 0
                for records in readings[-1].read(document, rejects):
                    if records >= due:
                        due = records + _EVERY
                        self.progress(Step("reading", document.source.taken_in, source.size, records))
        return readings

    def _staged(self, staged: Stage, reading: Reading) -> Stage:
        total = reading.spool.tell()
        reading.spool.seek(0)

        def on_bytes(done: int) -> None:
            self.progress(Step("staging", done, total, reading.records * done // total))

        staged.fill(reading.spool, reading.checker.columns, on_bytes)
        return staged

    def _settle(self, report: Report, source: Input, readings: Sequence[Reading], stages: Sequence[Stage]) -> None:
        """Write what can be written, see what became of the rest, and have the report on the disk."""
        journals = [self._settled(report, source, *each) for each in zip(readings, stages, strict=True)]
        source.demand_unchanged()
        replaced = self.options.replace and report.status == "complete"
        for staged in stages if replaced else ():
            replace.put_in_order(staged)
        if self.options.verify:
            self._say("verifying")
            verify = replace.verify if replaced else settle.verify
            report.verify = {"records": sum(map(verify, stages)), "differ": 0}
        if report.status == "partial" and (self.options.all_or_nothing or self.options.replace):
            journals = list(map(self._held_back, report.tallies, readings, stages, journals))
        self.outputs.write(self._finished(report), journals)

    def _settled(self, report: Report, source: Input, reading: Reading, staged: Stage) -> Journal:
        """One collection; an entry for each record of which there is something to say."""
        self._say(f"writing {reading.resource.path}")
        staged.number()
        tally = Tally(reading.resource.path)
        if self.options.replace:
            tally.went = replace.make_room(staged)._asdict()
        unchanged, left = settle.settle(staged)
        journal = self._journal(merged(reading.found, reading.of_left(source, left)))
        tally.count(journal, reading.records, unchanged)
        report.add(tally, journal)
        return journal

    def _held_back(self, tally: Tally, reading: Reading, staged: Stage, journal: Journal) -> Journal:
        tally.hold_back()
        not_in = (entry for entry in journal if entry["verdict"] in NOT_IN)
        return self._journal(merged(not_in, map(reading.entries.held_back, settle.written(staged))))

    def _commit(self, connection: Connection[Any], report: Report, stages: Iterable[Stage]) -> None:
        """For good; the sequences are the very last thing before, as no rollback undoes it."""
        if self.options.dry_run:
            return
        self.before_commit(connection, report)
        for staged, tally in zip(stages, report.tallies, strict=True):
            if tally.totals["migrated"] or self.options.replace:
                staged.use(tally.totals["records"])
        connection.commit()

    @property
    def name(self) -> str:
        return self.options.name or str(self.path)

    def _finished(self, report: Report) -> Report:
        report.dry_run, report.seconds = self.options.dry_run, time.monotonic() - self.began
        return report

    def _say(self, step: str) -> None:
        self.progress(Step(step, 0, None, 0))

    def _journal(self, entries: Iterable[Entry]) -> Journal:
        journal = self.kept.enter_context(Journal())
        for entry in entries:
            journal.add(entry)
        return journal
