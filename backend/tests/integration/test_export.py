"""The way back: what was imported comes out as the db.json it was, and json-server serves it as it served the first."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.config import BACKEND
from app.exporter import export as export_to
from app.exporter import laid_out
from app.importer.files import output
from app.importer.frame import around
from app.importer.run import import_file
from app.importer.source import Unreadable
from app.resources import RESOURCES
from tests.commands import Done, ran
from tests.npm import installed
from tests.servers import Server

SEED = BACKEND.parent / "db.json"
Export = Callable[..., Done]

ODD = {
    "id": "a/b c",
    "patientID": "p\t1",
    "name": 'Zoë "Ängström"\n\u2028 \\ \x01 \x7f 李 🩺 {[,:]}',
    "age": 45,
    "gender": "Other",
    "medicalCondition": "Asthma",
    "lastVisit": "0999-12-31",
    # What the table does not declare comes back in PostgreSQL's order of names: the shorter first.
    "kin": {},
    "notes": [{"by": "Dr. Who", "lines": ["a, b", "c: d"], "score": 1.5}, None, True, [[]]],
    "allergies": [],
}
JSON_SERVERS = {"0.17": "json-server-0.17/lib/cli/bin.js", "1.x": "json-server-beta.3/lib/bin.js"}


@pytest.fixture
def export(database_url: str, tmp_path: Path) -> Export:
    """The script, as a person runs it."""

    def run(*arguments: Any, dsn: str = database_url) -> Done:
        return ran(BACKEND / "scripts/export_db_json.py", *arguments, folder=tmp_path, DATABASE_URL=dsn, LC_ALL="C")

    return run


def imported(content: Any, dsn: str, folder: Path) -> Path:
    """A file as json-server writes it, imported."""
    file = folder / "before.json"
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert import_file(file, dsn, RESOURCES).exit_code == 0
    return file


def test_the_seed_comes_back_byte_for_byte(database_url: str, export: Export, tmp_path: Path) -> None:
    import_file(SEED, database_url, RESOURCES)
    done = export("after.json")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "after.json").read_bytes() == SEED.read_bytes()


def test_odd_records_come_back_byte_for_byte(database_url: str, export: Export, tmp_path: Path) -> None:
    before = imported({"patients": [ODD | {"id": "z", "patientID": "2"}, ODD]}, database_url, tmp_path)
    done = export("-")
    assert done.stdout.encode() == before.read_bytes()
    assert "2 patients" in done.stderr


def test_no_patients_are_an_empty_list(database_url: str, export: Export, tmp_path: Path) -> None:
    assert export().returncode == 0
    assert (tmp_path / "db.json").read_text() == '{\n  "patients": []\n}\n'


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(_values)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_the_layout_is_that_of_json_server_for_any_value(value: Any) -> None:
    """Python's `indent=2` writes what JSON.stringify(value, null, 2) does; PostgreSQL's own text has other blanks."""
    for separators in ((",", ":"), (", ", ": ")):
        text = json.dumps(value, ensure_ascii=False, separators=separators)
        assert laid_out(text, 0) == json.dumps(value, ensure_ascii=False, indent=2)


def test_the_file_is_its_owners_and_replaced_only_when_whole(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "db.json"
    file.write_text('{"patients": ["precious"]}')
    assert export(file, dsn="postgresql://u:hunter2@127.0.0.1:1/none").returncode == 3
    assert (file.read_text(), os.listdir(tmp_path)) == ('{"patients": ["precious"]}', ["db.json"])
    assert export(file).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


PATIENT = {name: ODD[name] for name in list(ODD)[:7]} | {"patientID": "p1", "name": "Zoë"}
LIST = "[\n    " + json.dumps(PATIENT, indent=2, ensure_ascii=False).replace("\n", "\n    ") + "\n  ]"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '{"doctors":[ {"id": 1.0}, {"id":1e2, "é": "\\u00e9"}],\n\t"patients":[{"id":"old"}, 7] ,"$schema":"x"}',
            '{"doctors":[ {"id": 1.0}, {"id":1e2, "é": "\\u00e9"}],\n\t"patients":LIST ,"$schema":"x"}',
        ),
        ('{ "pati\\u0065nts" : [] }', '{ "pati\\u0065nts" : LIST }'),
        ('{\n  "doctors": []\n}\n', '{\n  "doctors": [],\n  "patients": LIST\n}\n'),
        ("{}", '{\n  "patients": LIST\n}\n'),
        ("", '{\n  "patients": LIST\n}\n'),
        ('\ufeff{"a": null, "patients": []}', '{"a": null, "patients": LIST}'),
    ],
    ids=["all kinds", "escaped", "no patients yet", "empty object", "empty file", "byte order mark"],
)
def test_what_else_is_in_the_file_stays_as_it_is(
    database_url: str, export: Export, tmp_path: Path, before: str, after: str
) -> None:
    imported({"patients": [PATIENT]}, database_url, tmp_path)
    file = tmp_path / "db.json"
    file.write_text(before, encoding="utf-8")
    done = export(file)
    assert (done.returncode, file.read_text(encoding="utf-8")) == (0, after.replace("LIST", LIST)), done.stderr


def test_it_is_said_what_was_replaced_and_what_was_kept(database_url: str, export: Export, tmp_path: Path) -> None:
    imported({"patients": [PATIENT]}, database_url, tmp_path)
    file = tmp_path / "db.json"
    file.write_text('{"patients": [1, 2], "doctors": [{}], "profile": {"name": "x"}}')
    said = f"1 patient written to {file}, in the place of 2; kept as they are: "
    assert export(file).stderr == said + "doctors (list, 1 record), profile (object, 1 record)\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"precious", "1:1: not JSON"),
        (b'["precious"]', "1:1: the file holds a list"),
        (b'{"patients": {"1": "precious"}}', "1:14: patients is an object; a list is wanted"),
        (b'{"patients": [], "patients": ["precious"]}', "1:30: patients stands twice"),
        (b'{"patients": [], "precious": [1, 2', "1:35: not JSON: the file ends before its JSON does"),
        (b'{"patients": []} {"precious": 1}', "1:18: something follows the end"),
        (b'{"precious": "Zo\xeb"}', "1:17: not UTF-8"),
        (b"\x1f\x8b\x08\x00precious", "1:1: the file is compressed (gzip)"),
    ],
)
def test_a_file_that_cannot_be_kept_is_not_touched(export: Export, tmp_path: Path, content: bytes, why: str) -> None:
    """Whether the database is there or not."""
    file = tmp_path / "db.json"
    file.write_bytes(content)
    done = export(file, dsn="postgresql://127.0.0.1:1/none")
    assert (done.returncode, file.read_bytes(), os.listdir(tmp_path)) == (2, content, ["db.json"])
    assert done.stderr.startswith(f"{file}:{why}")
    assert done.stderr.endswith(" It was left as it is: export to another name, or move it away.\n")
    assert done.stderr.count("\n") == 1


def test_standard_output_gets_the_patients_alone(database_url: str, export: Export, tmp_path: Path) -> None:
    imported({"patients": [PATIENT]}, database_url, tmp_path)
    (tmp_path / "-").write_text('{"doctors": []}')
    assert json.loads(export("-").stdout) == {"patients": [PATIENT]}


def test_a_file_that_changes_meanwhile_is_not_replaced(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "db.json"
    file.write_text('{"doctors": [1]}')
    with pytest.raises(Unreadable, match="meanwhile"):
        export_while(lambda: file.write_text('{"doctors": [1, 2]}'), file, database_url)
    assert (file.read_text(), os.listdir(tmp_path)) == ('{"doctors": [1, 2]}', ["db.json"])


def export_while(something_happens: Callable[[], object], file: Path, dsn: str) -> None:
    with output(file) as place, place.anew() as written, around(file, ["patients"]) as frame:
        export_to(dsn, written, RESOURCES, frame)
        something_happens()


@pytest.mark.parametrize("file", ["missing/db.json", "/dev/full", ".", "circle"])
def test_a_file_that_cannot_be_written_is_one_sentence(export: Export, tmp_path: Path, file: str) -> None:
    (tmp_path / "circle").symlink_to("circle")
    done = export(file)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "cannot be written" in done.stderr


def test_memory_does_not_grow_with_the_table(database_url: str, export: Export, tmp_path: Path) -> None:
    """100,000 patients are 20 MB of text; a process that held them would have grown by more than that. So would one
    that held the file which is there already.
    """
    insert = """INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)
        SELECT n, n, 'Somebody', 45, 'Other', 'Asthma', '2024-01-15' FROM generate_series(1, %s) n"""
    peaks = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        for patients in (1, 100_000):
            connection.execute("TRUNCATE patients")
            connection.execute(insert, [patients])
            with (tmp_path / "big.json").open("w") as file:
                file.writelines(['{"notes": [', *['"x", ' * 100] * (patients // 25), "{}]}"])
            measured = f"import re, runpy, sys; sys.argv = ['export', '{tmp_path / 'big.json'}', '--quiet']\n"
            measured += f"sys.path.insert(0, '{BACKEND / 'scripts'}')\n"
            measured += f"try: runpy.run_path('{BACKEND / 'scripts' / 'export_db_json.py'}', run_name='__main__')\n"
            measured += "finally: print(re.search('VmHWM:[^0-9]*([0-9]+)', open('/proc/self/status').read())[1])"
            peaks.append(int(ran("-c", measured, DATABASE_URL=database_url).stdout))
    assert (tmp_path / "big.json").stat().st_size > 20_000_000
    assert peaks[1] - peaks[0] < 8 * 1024


@pytest.mark.parametrize("program", JSON_SERVERS.values(), ids=JSON_SERVERS)
def test_json_server_serves_both_alike(program: str, database_url: str, export: Export, tmp_path: Path) -> None:
    modules = installed(BACKEND / "tests" / "contract")
    before = imported({"patients": [*json.loads(SEED.read_text())["patients"], ODD]}, database_url, tmp_path)
    assert export("after.json").returncode == 0
    served = [_served(modules / program, file) for file in (before, tmp_path / "after.json")]
    assert served[0] == served[1]
    assert len(json.loads(served[0][0])) == 31


def _served(program: Path, file: Path) -> list[bytes]:
    """Bodies of a few answers of a json-server that serves the file."""
    paths = ("/patients", "/patients/3e3a", "/patients/a%2Fb%20c", "/patients?_sort=age", "/patients?gender=Other")
    with Server.json_server(program, file) as server:
        return [httpx2.get(server.url + path).content for path in paths]
