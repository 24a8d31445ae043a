"""One record as long as a record may be: what is said of it, and what it takes to say it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import BACKEND
from app.limits import FAULTS
from app.resource.strict_json import MAX_VALUES
from tests.servers import UNMEASURED

from .conftest import Imports, db, record, strict

MOST = 300  # MiB
LONG = 15_500_000  # bytes, just below what is taken for a value
MANY = 400_000  # seconds if each fault costs the same, many minutes if it costs what stands before it
MORE = 40_000  # than are looked at

MEMBERS = {
    "a text": '"more": "' + "x" * LONG + '"',
    "a text of wide characters": '"more": "😀' + "x" * LONG + '"',
    "numbers": '"more": [' + "1," * (LONG // 2) + "1]",
    "empty lists": '"more": ["😀",' + "[]," * (LONG // 3) + "1]",
    "objects in lists": '"more": [' + '[{"a":1}],' * (LONG // 10) + "1]",
    "a nest": '"more": ' + "[" * (LONG // 2) + "]" * (LONG // 2),
    "blanks": '"more": [' + " " * LONG + "]",
    "a name": '"more": 1, "name": "' + "x" * LONG + '"',
    "fields": ",".join(f'"f{n}":1' for n in range(1_300_000)),
    "wrong fields": ",".join(f'"f{n}":"\\ud800"' for n in range(MANY)),
    "fields that are no JSON": ",".join(f'"f{n}":NaN' for n in range(MANY)),
    "fields of one name": ",".join(['"f":1'] * MANY),
    "fields of wrong names": ",".join(f'"\\ud800{n}":1' for n in range(MANY)),
}
KEPT = {"blanks"}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_long_record_takes_little(database_url: str, tmp_path: Path, name: str) -> None:
    file, report = tmp_path / "db.json", tmp_path / "report.json"
    file.write_text(db(record(1), record(2)).replace('"2024-01-15"\n    }\n', f'"2024-01-15", {MEMBERS[name]}}}\n'))
    measured = f"import re, runpy, sys; sys.argv = ['migrate', '{file}', '--quiet', '--report', '{report}']\n"
    measured += "try: runpy.run_path('scripts/migrate_db_json.py', run_name='__main__')\n"
    measured += "finally: print(re.search('VmHWM:[^0-9]*([0-9]+)', open('/proc/self/status').read())[1])"
    done = subprocess.run(
        [sys.executable, "-c", measured],
        cwd=BACKEND,
        env=os.environ | {"DATABASE_URL": database_url} | UNMEASURED,
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stderr) == (int(name not in KEPT), "")
    assert int(done.stdout) < MOST * 1024
    totals = strict(report.read_text())["totals"]
    assert (totals["migrated"], totals["rejected"]) == (1 + (name in KEPT), int(name not in KEPT))


@pytest.mark.parametrize("value", ['"\\ud800"', "NaN", '"\\u0000"'])
def test_of_very_many_faults_the_first_are_told_and_those_of_declared_fields_before_them(
    imports: Imports, value: str
) -> None:
    others = ",".join(f'"f{n}": {value}' for n in range(MORE))
    text = db(record(1, age="x")).replace("\n    }\n", f", {others}}}\n")
    (entry,) = imports(text).report["records"]
    told = [error["field"] for error in entry["errors"]]
    assert told == ["age", *(f"f{n}" for n in range(FAULTS - 1))]
    places = [text.index(f'"{field}": ') + len(f'"{field}": ') for field in told]
    assert [(error["line"], error["column"]) for error in entry["errors"]] == [
        (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) for at in places
    ]


def test_a_record_of_too_many_values_is_told_what_its_declared_fields_lack(imports: Imports) -> None:
    many = {f"f{n}": n for n in range(MAX_VALUES + 1)}
    (entry,) = imports(db(record(1, age=0, name=..., **many))).report["records"]
    assert [(error["field"], error["code"]) for error in entry["errors"]] == [
        ("name", "missing"),
        ("age", "greater_than"),
        (None, "json"),
    ]
