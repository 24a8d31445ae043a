"""The report of one import: totals, status, exit code, and its JSON form, written entry by entry."""

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO

from app.importer.document import Unserved
from app.importer.entries import Entry, shortened
from app.importer.journal import NOT_IN
from app.importer.place import pointer
from app.importer.source import Unreadable

VERDICTS = ("migrated", "unchanged", *NOT_IN)
EXIT_CODES = {"complete": 0, "partial": 1, "unreadable": 2, "failed": 3}
BRIEF = 1_000  # entries of each list in a brief report
_NOT_ALWAYS: Mapping[str, Any] = {"held_back": 0, "went": {}, "lacking": []}  # counts that are told where there are any
_FIRST = 20  # entries kept at hand for people


@dataclass
class Tally:
    """What became of one collection. `records` = the sum of the verdicts."""

    name: str
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("records", *VERDICTS), 0))
    held_back: int = 0  # of the rejected: good records of an --all-or-nothing or --replace run
    went: dict[str, int] = field(default_factory=dict)  # rows that had to, of a --replace run
    lacking: list[str] = field(default_factory=list)  # declared fields that no record of the file has
    warnings: Counter[str] = field(default_factory=Counter)  # how many records of each code

    @property
    def not_in(self) -> int:
        return sum(self.totals[verdict] for verdict in NOT_IN)

    def count(self, entries: Iterable[Entry], records: int, unchanged: int) -> None:
        """Take the totals from the entries: what they do not name went in, or was there."""
        verdicts, lacking = Counter[str](), None
        for entry in entries:
            verdicts[entry["verdict"]] += 1
            if entry["verdict"] == "warning":
                self.warnings.update({error["code"] for error in entry["errors"]})
            else:
                missing = [error["field"] for error in entry["errors"] if error["code"] == "missing"]
                lacking = missing if lacking is None else [field for field in lacking if field in missing]
        self.totals |= {"records": records, "unchanged": unchanged} | {verdict: verdicts[verdict] for verdict in NOT_IN}
        self.totals["migrated"] = records - unchanged - self.not_in
        self.lacking = lacking or [] if self.not_in == records else []

    @property
    def strangers(self) -> str:
        """A sentence if the file's records are none of ours; else empty."""
        if not self.lacking:
            return ""
        *others, last = self.lacking
        fields = f"{', '.join(others)} and {last}" if others else last
        number = self.totals["records"]
        lack = f"all {number:,} records lack" if number > 1 else "its one record lacks"
        return f"these are other {self.name} than this server declares: {lack} {fields}"

    def hold_back(self) -> None:
        """Nothing went in after all: the good records count as rejected."""
        self.held_back = self.totals["migrated"]
        self.totals |= {"migrated": 0, "rejected": self.totals["rejected"] + self.held_back}
        self.went = dict.fromkeys(self.went, 0)
        self.warnings.clear()


@dataclass
class Report:
    """What became of a file. Without tallies nothing could be decided.

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
    tallies: list[Tally] = field(default_factory=list)
    unserved: list[Unserved] = field(default_factory=list)
    file_errors: list[dict[str, Any]] = field(default_factory=list)
    verify: dict[str, int] | None = None
    seconds: float = 0.0
    first: list[Entry] = field(default_factory=list)  # of those that are not in

    @classmethod
    def unreadable(cls, path: str, error: Unreadable) -> "Report":
        place = error.place._asdict() | {"offset": error.offset} if error.place else {}
        fault = {"message": error.message, **place}
        return cls(path, status="unreadable", sentence=error.message, file_errors=[fault])

    @classmethod
    def failed(cls, path: str, sentence: str) -> "Report":
        return cls(path, status="failed", sentence=sentence)

    @classmethod
    def read(cls, path: str, told: Mapping[str, Any]) -> "Report":
        """Of one that was written: what people are told of it. `path`: of the file here."""
        report = cls(path, told["dry_run"], told["status"], bytes=told["source"]["bytes"], verify=told["verify"])
        report.tallies = [_tally(one, told["warnings"]) for one in told["resources"]]
        report.unserved = [Unserved(one["name"], one["type"], one["records"]) for one in told["collections"]]
        own = (entry for entry in told["records"] if entry["errors"][0]["code"] != "held_back")
        report.first, report.seconds = list(islice(own, _FIRST)), told["seconds"]
        return report

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.status]

    @property
    def totals(self) -> dict[str, int]:
        """Of all collections."""
        return {name: sum(tally.totals[name] for tally in self.tallies) for name in ("records", *VERDICTS)}

    @property
    def held_back(self) -> int:
        return sum(tally.held_back for tally in self.tallies)

    @property
    def went(self) -> dict[str, int]:
        names = self.tallies[0].went if self.tallies else ()
        return {name: sum(tally.went[name] for tally in self.tallies) for name in names}

    @property
    def left(self) -> list[str]:
        """What of the file is not served, each with the reason."""
        return [f"{shortened(one.name)} ({one.reason})" for one in self.unserved]

    @property
    def lacking(self) -> list[str]:
        return [name for tally in self.tallies for name in tally.lacking]

    @property
    def strangers(self) -> list[str]:
        """A sentence for each collection whose records are none of ours."""
        return [tally.strangers for tally in self.tallies if tally.strangers]

    def add(self, tally: Tally, entries: Iterable[Entry]) -> None:
        """Take one collection in, of which these are the entries."""
        self.tallies.append(tally)
        if tally.not_in:
            self.status = "partial"
        not_in = (entry for entry in entries if entry["verdict"] in NOT_IN)
        self.first.extend(islice(not_in, _FIRST - len(self.first)))


def _tally(told: Mapping[str, Any], warnings: Iterable[Entry]) -> Tally:
    tally = Tally(told["name"], told["totals"], *(told.get(name, none) for name, none in _NOT_ALWAYS.items()))
    for entry in warnings:
        if entry["pointer"] == pointer(tally.name, entry["index"]):
            tally.warnings.update({error["code"] for error in entry["errors"]})
    return tally


def write(report: Report, journals: Sequence[Iterable[Entry]], file: BinaryIO, most: int | None = None) -> None:
    """The report as one JSON object in ASCII, with a line for each entry, the first `most` of each list. The journals
    are gone through twice."""
    file.write(_opened(_head(report)).encode())
    _write_array(file, "records", islice(_of(journals, NOT_IN), most))
    _write_array(file, "warnings", islice(_of(journals, ("warning",)), most))
    file.write((json.dumps(_tail(report), indent=2)[2:] + "\n").encode())


def _head(report: Report) -> dict[str, Any]:
    return {
        "report": "db.json migration",
        "version": 1,
        "status": report.status,
        "exit_code": report.exit_code,
        "dry_run": report.dry_run,
        "source": {"path": report.path, "bytes": report.bytes},
        **_counts(report),
        "resources": [{"name": tally.name, **_counts(tally)} for tally in report.tallies],
    }


def _counts(of: Report | Tally) -> dict[str, Any]:
    found = {name: getattr(of, name) for name in _NOT_ALWAYS}
    return {"totals": of.totals} | {name: value for name, value in found.items() if value}


def _tail(report: Report) -> dict[str, Any]:
    return {
        "collections": [one._asdict() | {"verdict": "not migrated", "reason": one.reason} for one in report.unserved],
        "file_errors": report.file_errors,
        "failure": report.sentence if report.status == "failed" else None,
        "verify": report.verify,
        "seconds": round(report.seconds, 3),
    }


def _opened(members: dict[str, Any]) -> str:
    """The beginning of an object's text, ready for another member."""
    return json.dumps(members, indent=2).removesuffix("\n}") + ",\n"


def _of(journals: Iterable[Iterable[Entry]], verdicts: Container[str]) -> Iterator[Entry]:
    return (entry for entry in chain.from_iterable(journals) if entry["verdict"] in verdicts)


def _write_array(file: BinaryIO, name: str, entries: Iterable[Entry]) -> None:
    file.write(f'  "{name}": ['.encode())
    for number, entry in enumerate(entries):
        file.write(((",\n    " if number else "\n    ") + json.dumps(entry)).encode())
    file.write(b"],\n")
