"""An import as people see it: progress while it runs, the summary after it. Names places and fields, never values."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from app.importer.check import said_of_many
from app.importer.document import Unserved
from app.importer.entries import Entry, shortened
from app.importer.report import VERDICTS, Report, Tally
from app.importer.run import Progress, Step
from app.resource.resource import Resource

_EVERY = 5.0  # seconds between lines where there is no terminal
_FIRST = 20  # faults

_MEANINGS = {
    "migrated": "written by this run",
    "unchanged": "there already, with the same content",
    "rejected": "at least one field breaks a rule",
    "duplicate": "an earlier record of the file has its id, or another value that is unique",
    "conflict": "the table has other content under one of these; left as it is",
}


class Screen(Console):
    """A console that nobody has to read: a full disk or a reader who left ends the talking, and nothing else."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            super().__exit__(kind, error, at)
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())  # what is in its buffer must go somewhere


def hear_interruptions() -> None:
    """Ctrl-C is a KeyboardInterrupt from now on. While they load scripts just end by it; who ignored it still does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def progress(console: Console) -> Iterator[Progress]:
    """A bar with rate and remaining time on a terminal, a line now and then elsewhere."""
    if not console.is_terminal:
        yield _lines(console)
        return
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}")
    with Bar(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        yield _bar(bar)


def _bar(bar: Bar) -> Progress:
    task, rate, shown = bar.add_task("", total=None, rate=""), _rate(), ""

    def show(step: Step) -> None:
        nonlocal shown
        if step.name != shown:
            bar.reset(task, description=step.name, total=step.total)
            shown = step.name
        bar.update(task, completed=step.done, rate=rate(step))

    return show


def _lines(console: Console) -> Progress:
    rate, due = _rate(), time.monotonic() + _EVERY

    def show(step: Step) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + _EVERY
            share = f"{step.done / step.total:.0%}" if step.total else ""
            so_far = (_count(step.records), share, rate(step)) if step.records else ()
            say(console, f"{step.name}: {', '.join(filter(None, so_far)) or '…'}")

    return show


def _rate() -> Callable[[Step], str]:
    """Records per second since the step began."""
    began: dict[str, float] = {}

    def rate(step: Step) -> str:
        now = time.monotonic()
        elapsed = now - began.setdefault(step.name, now)
        return f"{step.records / elapsed:,.0f}/s" if elapsed else ""

    return rate


def summary(console: Console, report: Report, resources: Iterable[Resource]) -> None:
    """What became of the records, then the first faults as `file:line:column: field: message`."""
    for sentence in report.strangers:
        say(console, f"{report.path}: {sentence}")
    say(console, f"{report.path}: {_count(report.totals['records'])}")
    console.print(_table(report))
    if len(report.tallies) > 1:
        console.print(_by_collection(console, report))
    for sentence in _remarks(report, {resource.path: resource for resource in resources}):
        say(console, sentence)
    errors = (error for entry in report.first for error in entry["errors"])
    for error in islice(errors, _FIRST):
        say(console, _fault(report.path, error))


def failure(report: Report) -> str:
    """Why nothing could be decided: for the file with the place, as far as there is one."""
    if report.status == "failed":
        return f"The import failed. {report.sentence}"
    where = [
        report.path,
        *(str(error[key]) for error in report.file_errors for key in ("line", "column") if key in error),
    ]
    return f"{':'.join(where)}: {report.sentence}"


def _table(report: Report) -> Table:
    table = Table()
    table.add_column("verdict")
    table.add_column("records", justify="right")
    table.add_column("meaning")
    meanings = _MEANINGS | ({"migrated": "a run would write them"} if report.dry_run else {})
    for verdict in VERDICTS:
        table.add_row(verdict, f"{report.totals[verdict]:,}", meanings[verdict])
    return table


def _by_collection(console: Console, report: Report) -> Table:
    table = Table(padding=0)  # so that it fits 80 characters
    table.add_column("collection", overflow="fold")
    for name in ("records", *VERDICTS):
        table.add_column(name, justify="right")
    for tally in report.tallies:
        table.add_row(shown(console, tally.name), *(f"{number:,}" for number in tally.totals.values()))
    return table


def _remarks(report: Report, resources: Mapping[str, Resource]) -> Iterator[str]:
    if report.dry_run:
        yield "Dry run: nothing was written."
    for tally in report.tallies if report.went else ():
        yield _replaced(report, tally, resources[tally.name])
    if report.held_back:
        yield f"Nothing was written: {report.held_back:,} good records were held back (rejected above)."
        yield "Mend the others in this file and import it again, whole: --rejects has only them."
    for tally in report.tallies:
        of = f" of {tally.name}" if len(report.tallies) > 1 else ""
        for code, records in tally.warnings.items():
            yield f"{_count(records)}{of}: {said_of_many(resources[tally.name], code)}"
    for unserved in report.unserved:
        yield f"Not migrated: {named(unserved)}: {unserved.reason}"
    not_in = sum(tally.not_in for tally in report.tallies) - report.held_back
    if not_in:
        yield f"The first of {not_in:,} that are not in (--report lists all):"


def _replaced(report: Report, tally: Tally, resource: Resource) -> str:
    removed, changed = tally.went.values()
    others = f"{counted(removed, resource)} that the file does not have"
    if report.status == "partial":
        return "Replace: the table stays as it is, because not every record is good."
    if report.dry_run:
        return f"Replace: {others} would go, the content of {changed:,} would change."
    return f"Replaced: {others} went, the content of {changed:,} changed."


def counted(records: int, resource: Resource) -> str:
    """So many of a resource."""
    return f"{records:,} {resource.noun if records == 1 else resource.path}"


def named(unserved: Unserved) -> str:
    return f"{shortened(unserved.name)} ({unserved.type}, {_count(unserved.records)})"


def _count(records: int) -> str:
    return f"{records:,} record{'s' * (records != 1)}"


def _fault(path: str, error: Entry) -> str:
    field, message = shortened(error["field"] or ""), error["message"]
    said = f"{field}: {message.removeprefix(field + ' ')}" if field else message
    where = f"{error['line']}:{error['column']}" if "line" in error else error["pointer"]
    return f"{path}:{where}: {said}"


def say(console: Console, text: str) -> None:
    """As it is, on one line."""
    console.print(shown(console, text), soft_wrap=True)


def shown(console: Console, text: str) -> Text:
    """As it is, with nothing in it that a terminal would obey or its encoding does not have."""
    plain = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)
    return Text(plain.encode(console.encoding, "backslashreplace").decode(console.encoding))
