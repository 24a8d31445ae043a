"""`python -m benchmarks.search [RECORDS]`: whom forgiving searches find among so many, and how long searches take.

In a PostgreSQL of this run's own, of names in many scripts (`names`), by the statements that the server sends.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import psycopg

from app.development import upgrade
from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.query import parse
from app.embedded import postgres
from app.resources import PATIENTS
from benchmarks import patients
from benchmarks.names import PAIRS, names

_ROUNDS = 5
_SEARCHES = ("asthma", "smith", "müller", "an", "a", "анна")

Ask = Callable[[Mapping[str, str]], tuple[list[Any], int, float]]
"""A query -> the records of the first page, how many there are, and milliseconds, the median of some rounds."""


def main() -> int:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="patients-bench-") as name:
        Path(name).chmod(0o755)  # when root measures, PostgreSQL's user must get in
        with postgres(Path(name) / "database") as dsn:
            upgrade(dsn)
            patients.copy_into(dsn, _made(records))
            with psycopg.connect(dsn, autocommit=True, options="-c jit=off") as connection:
                _report(_asking(connection))
    return 0


def _made(records: int) -> list[patients.Patient]:
    return [patient | {"name": name} for patient, name in zip(patients.make(records), names(records), strict=True)]


def _asking(connection: psycopg.Connection[Any]) -> Ask:
    lists = Lists(PATIENTS, Collations(*connection.execute(DETECT.sql).fetchone() or ()))

    def ask(query: Mapping[str, str]) -> tuple[list[Any], int, float]:
        statement, times = lists.rows(parse(urlencode(query), "1", PATIENTS.fields)), []
        for _ in range(_ROUNDS):
            begin = time.perf_counter()
            [(rows, total, _)] = connection.execute(statement.sql.encode(), statement.params).fetchall()
            times.append((time.perf_counter() - begin) * 1000)
        return json.loads(rows), total, median(times)

    return ask


def _report(ask: Ask) -> None:
    print("| typed | on record | what is between | rank | of | ms |\n|---|---|---|---|---|---|")
    times = []
    for pair in PAIRS:
        found, total, took = ask({"name:similar": pair.typed, "_page": "1", "_per_page": "100"})
        rank = next((place for place, one in enumerate(found, 1) if one["name"] == pair.right), "over 100")
        print(f"| {pair.typed} | {pair.right} | {pair.slip} | {rank} | {total:,} | {took:.1f} |")
        times.append(took)
    print(f"\n:similar: p50 {median(times):.1f} ms, longest {max(times):.1f} ms")
    for text in _SEARCHES:
        plain, ranked = (ask({"q": text, "_page": "1", **sort}) for sort in ({}, {"_sort": "-_score"}))
        print(f"q={text}: {plain[1]:,} found in {plain[2]:.1f} ms, ranked {ranked[2]:.1f} ms")


if __name__ == "__main__":
    sys.exit(main())
