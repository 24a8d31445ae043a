"""`python -m benchmarks.migration`: the import of a db.json beside psql's `\\copy` of the same rows as ready CSV.

Both fill the same table with all its indexes, in turn, in a PostgreSQL of this run's own. The import starts as a
process and does all it does by default: every rule, duplicates, reading back.
"""

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg

from app.config import BACKEND
from app.development import upgrade
from app.embedded import postgres
from app.models.patient import TABLE
from app.resources import PATIENTS
from benchmarks import patients

_ESCAPED = 5  # of so many records one has a quote in a text, which takes the longer way through the checks


class Run(NamedTuple):
    """Wall time of a whole process, and its resident MiB at the peak."""

    seconds: float
    peak_mib: float


class Data(NamedTuple):
    """The same patients twice: as json-server writes them, and as rows of the table."""

    records: int
    db_json: Path
    csv: Path


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="patients-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # when root measures, PostgreSQL's user must get in
        with postgres(folder / "database") as dsn:
            upgrade(dsn)
            print(_HEADER, flush=True)
            for records in options.records:
                data = _write(folder, records)
                copies, imports = _measure(dsn, data, options.rounds)
                print(_row(records, copies, imports), flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.migration", description=__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes of the files")
    parser.add_argument("--rounds", type=int, default=3, help="of each, in turn; the medians are told")
    return parser.parse_args()


def _measure(dsn: str, data: Data, rounds: int) -> tuple[list[Run], list[Run]]:
    copies, imports = [], []
    for _ in range(rounds):
        copies.append(_on_empty_table(dsn, data, _copy))
        imports.append(_on_empty_table(dsn, data, _import))
    return copies, imports


def _on_empty_table(dsn: str, data: Data, fill: Callable[[str, Data], Run]) -> Run:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {TABLE.name} RESTART IDENTITY".encode())
        connection.execute("CHECKPOINT")
        run = fill(dsn, data)
        stored = connection.execute(f"SELECT count(*) FROM {TABLE.name}".encode()).fetchone()
    if stored != (data.records,):
        raise SystemExit(f"{fill.__name__}: {stored} rows of {data.records}")
    return run


def _copy(dsn: str, data: Data) -> Run:
    psql = shutil.which("psql")
    if not psql:
        raise SystemExit("psql is not installed; it is the yardstick here")
    columns = ", ".join(["position", *PATIENTS.columns[1:-1]])
    return _timed([psql, "-q", dsn, "-c", f"\\copy {TABLE.name} ({columns}) from '{data.csv}' csv"], {})


def _import(dsn: str, data: Data) -> Run:
    command = [sys.executable, "scripts/migrate_db_json.py", str(data.db_json), "--quiet"]
    return _timed(command, {"DATABASE_URL": dsn})


def _timed(command: list[str], settings: dict[str, str]) -> Run:
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=BACKEND, env=os.environ | settings)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return Run(seconds, usage.ru_maxrss / 1024)


def _write(folder: Path, records: int) -> Data:
    data = Data(records, folder / "db.json", folder / "rows.csv")
    with data.db_json.open("w", encoding="utf-8") as document, data.csv.open("w", encoding="utf-8", newline="") as rows:
        table = csv.writer(rows)
        document.write('{\n  "patients": [')
        for number, patient in enumerate(islice(_patients(), records)):
            text = json.dumps(patient, ensure_ascii=False, indent=2).replace("\n", "\n    ")
            document.write(f"{',' if number else ''}\n    {text}")
            table.writerow([number + 1, *patient.values()])
        document.write("\n  ]\n}\n")
    return data


def _patients() -> Iterator[patients.Patient]:
    """As many as one likes, none held in memory; ids in no order, as json-server's are."""
    pattern = patients.make(10_000)
    dice = random.Random(1)  # noqa: S311 reproducible, not secret
    number = 0
    while True:
        for patient in pattern:
            own = {"id": f"{dice.getrandbits(64):016x}", "patientID": f"P{number:07}"}
            escaped = {"medicalCondition": f'"{patient["medicalCondition"]}"'} if number % _ESCAPED == 0 else {}
            yield patient | own | escaped
            number += 1


_HEADER = "   records    \\copy s   import s    ratio   records/s   peak MiB"


def _row(records: int, copies: list[Run], imports: list[Run]) -> str:
    copy, ours = (median(run.seconds for run in runs) for runs in (copies, imports))
    peak = max(run.peak_mib for run in imports)
    return f"{records:10,} {copy:10.2f} {ours:10.2f} {ours / copy:8.2f} {records / ours:11,.0f} {peak:10.0f}"


if __name__ == "__main__":
    sys.exit(main())
