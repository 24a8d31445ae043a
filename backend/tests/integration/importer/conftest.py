"""`imports`: import a text into this test's database; what holds for every import is checked there and then."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from app.dialect.row import row
from app.importer.run import Options, import_file
from app.resources import PATIENTS, RESOURCES
from tests.patients import patient
from tests.servers import wait_until
from tests.triggers import trigger

VERDICTS = ("migrated", "unchanged", "rejected", "duplicate", "conflict")
_NOT_IN = VERDICTS[2:]


class Outcome(NamedTuple):
    """The report as it was written, the rejects file if there is one, and how many rows the table got."""

    report: dict[str, Any]
    rejects: str
    written: int

    @property
    def totals(self) -> dict[str, int]:
        """The verdicts that came up."""
        return {verdict: n for verdict, n in self.report["totals"].items() if n and verdict != "records"}

    def told(self) -> list[str]:
        """One line per record: `in`, `in ~id:made`, `rejected age:int_type name:blank`."""
        lines = ["in"] * self.report["totals"]["records"]
        for entry in [*self.report["warnings"], *self.report["records"]]:
            faults = " ".join(f"{error['field']}:{error['code']}" for error in entry["errors"])
            warned = entry["verdict"] == "warning"
            lines[entry["index"]] = f"in ~{faults}" if warned else f"{entry['verdict']} {faults}"
        return lines


Imports = Callable[..., Outcome]


@pytest.fixture
def imports(database_url: str, table: psycopg.Connection[Any], tmp_path: Path) -> Imports:
    def run(content: bytes | str, **options: Any) -> Outcome:
        source, report, rejects = tmp_path / "db.json", tmp_path / "report.json", tmp_path / "rejects.json"
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        before = count(table)
        import_file(source, database_url, RESOURCES, Options(report=report, rejects=rejects, **options))
        told, rejected = strict(report.read_text("ascii")), rejects.read_text() if rejects.exists() else ""
        outcome = Outcome(told, rejected, count(table) - before)
        demand_accounted(outcome)
        return outcome

    return run


def demand_accounted(outcome: Outcome) -> None:
    """What holds always: every record has one verdict, and the table agrees."""
    report, totals = outcome.report, outcome.report["totals"]
    assert totals["records"] == sum(totals[verdict] for verdict in VERDICTS)
    assert len(report["records"]) == sum(totals[verdict] for verdict in _NOT_IN)
    indices = [entry["index"] for entry in report["records"]]
    assert indices == sorted(set(indices))
    assert all(entry["errors"] for entry in report["records"])
    assert not {entry["index"] for entry in report["warnings"]} & set(indices)
    went = sum(report.get("went", {}).values())
    assert outcome.written == (0 if report["dry_run"] else totals["migrated"] - went)
    assert report["exit_code"] == {"complete": 0, "partial": 1, "unreadable": 2, "failed": 3}[report["status"]]
    assert (report["status"] == "partial") == bool(report["records"])


def strict(text: str) -> Any:
    """JSON as the RFC has it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=refuse)


def count(table: psycopg.Connection[Any]) -> int:
    return int(table.execute("SELECT count(*) FROM patients").fetchall()[0][0])


def record(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A good record; keyword arguments replace fields or add some, `...` leaves one out."""
    return {
        name: value for name, value in ({"id": str(number)} | patient(number) | changes).items() if value is not ...
    }


def db(*records: Any, **collections: Any) -> str:
    """A db.json as json-server writes it."""
    return json.dumps({"patients": list(records)} | collections, indent=2, ensure_ascii=False)


def served(table: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Every patient as the API's list has it, in list order."""
    statement = f"SELECT {row(PATIENTS)} FROM {PATIENTS.sql} ORDER BY {PATIENTS.position}"
    return [exactly(record) for (record,) in table.execute(statement.encode())]


def exactly(text: str | bytes) -> Any:
    """JSON's value, numbers as the decimals they are: PostgreSQL gives 1e23 back with 24 digits."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


MANY = 3000
CONTENT = db(*map(record, range(MANY)))
_HELD = "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@contextmanager
def half_way(table: psycopg.Connection[Any]) -> Iterator[Callable[[], object]]:
    """Who writes patient `MANY // 2` stands still there, with the table locked, until what is yielded is called."""
    body = f"IF NEW.id = '{MANY // 2}' THEN PERFORM pg_advisory_xact_lock(7); END IF; RETURN NEW;"
    table.execute("SELECT pg_advisory_lock(7)")
    with ExitStack() as stack:
        stack.enter_context(trigger(table, "BEFORE INSERT ON patients", body))
        stack.callback(table.execute, "SELECT pg_advisory_unlock_all()")
        yield lambda: table.execute("SELECT pg_advisory_unlock(7)")


def held(table: psycopg.Connection[Any]) -> None:
    """Return once something stands still there."""
    wait_until(lambda: table.execute(_HELD).fetchone() == (True,), 60, "the import in the middle of its INSERT")
