"""The account of one import: totals, status, exit code, and its JSON form, written entry by entry."""

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from app.importer.document import Collection
from app.importer.entries import Entry
from app.importer.journal import NOT_IN, Journal
from app.importer.source import Unreadable

VERDICTS = ("migrated", "unchanged", *NOT_IN)
EXIT_CODES = {"complete": 0, "partial": 1, "unreadable": 2, "failed": 3}
_FIRST = 20  # entries kept at hand for people


@dataclass
class Report:
    """What became of a file. `records` = the sum of the verdicts, always; all 0 when nothing could be decided.

    `status`: complete (all in, or already there), partial (some are not), unreadable (the file), failed (the database,
    verification, or what could not be written: nothing changed). `sentence` says why in the last two cases. `untold`:
    why the report or the rejects did not get to their place, which changes nothing of the outcome.
    """

    path: str
    dry_run: bool = False
    status: str = "complete"
    sentence: str = ""
    untold: str = ""
    bytes: int = 0
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("records", *VERDICTS), 0))
    held_back: int = 0  # of the rejected: good records of an --all-or-nothing or --replace run
    collections: list[Collection] = field(default_factory=list)
    file_errors: list[dict[str, Any]] = field(default_factory=list)
    verify: dict[str, int] | None = None
    seconds: float = 0.0
    first: list[Entry] = field(default_factory=list)  # of those that are not in
    went: dict[str, int] = field(default_factory=dict)  # rows that had to, of a --replace run
    lacking: list[str] = field(default_factory=list)  # declared fields that no record of the file has
    warnings: Counter[str] = field(default_factory=Counter)  # how many of each code

    @classmethod
    def unreadable(cls, path: str, error: Unreadable) -> "Report":
        place = error.place._asdict() | {"offset": error.offset} if error.place else {}
        fault = {"message": error.message, **place}
        return cls(path, status="unreadable", sentence=error.message, file_errors=[fault])

    @classmethod
    def failed(cls, path: str, sentence: str) -> "Report":
        return cls(path, status="failed", sentence=sentence)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.status]

    def count(self, journal: Journal, records: int) -> None:
        """Take the totals from the journal: what it does not name went in."""
        verdicts = Counter[str]()
        for entry in journal:
            verdicts[entry["verdict"]] += 1
            if entry["verdict"] == "warning":
                self.warnings.update({error["code"] for error in entry["errors"]})
            elif entry["verdict"] in NOT_IN:
                self._note(entry)
        counted = {verdict: verdicts[verdict] for verdict in VERDICTS}
        self.totals = {"records": records, **counted, "migrated": records - sum(counted.values())}
        not_in = sum(counted[verdict] for verdict in NOT_IN)
        if not_in:
            self.status = "partial"
        if not_in < records:
            self.lacking = []

    def _note(self, entry: Entry) -> None:
        lacking = [error["field"] for error in entry["errors"] if error["code"] == "missing"]
        self.lacking = [field for field in self.lacking if field in lacking] if self.first else lacking
        if len(self.first) < _FIRST:
            self.first.append(entry)

    @property
    def strangers(self) -> str:
        """A sentence if the file's patients are none of ours; else empty."""
        if not self.lacking:
            return ""
        *others, last = self.lacking
        fields = f"{', '.join(others)} and {last}" if others else last
        number = self.totals["records"]
        lack = f"all {number:,} records lack" if number > 1 else "its one record lacks"
        return f"these are other patients than this server declares: {lack} {fields}"

    def hold_back(self) -> None:
        """Nothing went in after all: the good records count as rejected."""
        self.held_back = self.totals["migrated"]
        self.totals |= {"migrated": 0, "rejected": self.totals["rejected"] + self.held_back}
        self.went = dict.fromkeys(self.went, 0)
        self.warnings.clear()


def write(report: Report, journal: Iterable[Entry], file: BinaryIO) -> None:
    """The report as one JSON object in ASCII, with a line for each entry. The journal is gone through twice."""
    file.write(_opened(_head(report)).encode())
    _write_array(file, "records", _of(journal, NOT_IN))
    _write_array(file, "warnings", _of(journal, ("warning",)))
    file.write((json.dumps(_tail(report), indent=2)[2:] + "\n").encode())


def _head(report: Report) -> dict[str, Any]:
    head = {
        "report": "db.json migration",
        "version": 1,
        "status": report.status,
        "exit_code": report.exit_code,
        "dry_run": report.dry_run,
        "source": {"path": report.path, "bytes": report.bytes},
        "totals": report.totals,
    }
    return head | {name: value for name in ("held_back", "went", "lacking") if (value := getattr(report, name))}


def _tail(report: Report) -> dict[str, Any]:
    collections = [collection._asdict() | {"verdict": "not migrated"} for collection in report.collections]
    return {
        "collections": collections,
        "file_errors": report.file_errors,
        "failure": report.sentence if report.status == "failed" else None,
        "verify": report.verify,
        "seconds": round(report.seconds, 3),
    }


def _opened(members: dict[str, Any]) -> str:
    """The beginning of an object's text, ready for another member."""
    return json.dumps(members, indent=2).removesuffix("\n}") + ",\n"


def _of(journal: Iterable[Entry], verdicts: Container[str]) -> Iterator[Entry]:
    return (entry for entry in journal if entry["verdict"] in verdicts)


def _write_array(file: BinaryIO, name: str, entries: Iterable[Entry]) -> None:
    file.write(f'  "{name}": ['.encode())
    for number, entry in enumerate(entries):
        file.write(((",\n    " if number else "\n    ") + json.dumps(entry)).encode())
    file.write(b"],\n")
