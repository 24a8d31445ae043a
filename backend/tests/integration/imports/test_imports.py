"""An import over HTTP: what it answers, what is written, what is on record, who may."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access import keys
from app.config import BACKEND
from app.importer.report import BRIEF
from app.importer.run import Options, import_file
from app.resources import RESOURCES
from tests.integration.importer.conftest import count, db, record, strict
from tests.servers import wait_until

from .conftest import CONTENT, MANY, Api, Launch, Table

MIXED = db(
    record(1),
    record(2, age="old", gender="x"),
    record(3, patientID="P001"),
    record(4, note="a NUL, \0, and Zoë", age="\0"),
    record(5),
    doctors=[{"id": "1"}],
).encode()
_TIMES = ("seconds", "source")


def test_a_file_is_taken_and_the_job_says_what_became_of_each_record(api: Api, table: Table, tmp_path: Path) -> None:
    begun = api.sent(MIXED)
    job = api.over(begun["id"])
    assert (begun["state"], job["state"], job["bytes"], job["records"]) == ("reading", "done", len(MIXED), 5)
    assert job["report"]["totals"] == {
        "records": 5,
        "migrated": 2,
        "unchanged": 0,
        "rejected": 2,
        "duplicate": 1,
        "conflict": 0,
    }
    assert count(table) == 2
    places = {(error["field"], error["line"], error["column"]) for error in job["report"]["records"][0]["errors"]}
    lines = MIXED.decode().splitlines()
    assert {lines[line - 1][column - 1 :].rstrip(",") for _, line, column in places} == {'"old"', '"x"'}


def test_the_report_and_the_rejects_are_those_of_the_script(
    api: Api, table: Table, tmp_path: Path, database_url: str
) -> None:
    job = api.done(MIXED, "?dryRun=true")
    (source := tmp_path / "db.json").write_bytes(MIXED)
    report, rejects = tmp_path / "report.json", tmp_path / "rejects.json"
    import_file(source, database_url, RESOURCES, Options(dry_run=True, report=report, rejects=rejects))
    whole, left = (api.http.get(f"/imports/{job['id']}/{name}") for name in ("report", "rejects"))
    assert left.content == rejects.read_bytes()
    assert left.headers["content-disposition"] == 'attachment; filename="rejects.json"'
    assert _timeless(whole.json()) == _timeless(strict(report.read_text())) == _timeless(job["report"])
    assert list(whole.json()) == list(job["report"])


def _timeless(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name not in _TIMES}


def test_the_rejects_are_mended_and_sent(api: Api, table: Table) -> None:
    job = api.done(db(record(1), record(2, age="old")).encode())
    mended = api.http.get(f"/imports/{job['id']}/rejects").content.replace(b'"old"', b"7")
    assert api.done(mended)["report"]["status"] == "complete"
    assert count(table) == 2


def test_a_dry_run_writes_nothing_and_says_the_same(api: Api, table: Table) -> None:
    dry = api.done(MIXED, "?dryRun=true")
    assert (dry["dryRun"], dry["state"], count(table)) == (True, "done", 0)
    real = api.done(MIXED, "?dryRun=false")
    assert dry["report"]["totals"] == real["report"]["totals"]
    assert dry["report"]["records"] == real["report"]["records"]


def test_all_or_nothing(api: Api, table: Table) -> None:
    job = api.done(MIXED, "?allOrNothing=true")
    assert (job["state"], job["report"]["held_back"], count(table)) == ("done", 2, 0)
    assert api.done(db(record(1)).encode(), "?allOrNothing=true")["report"]["totals"]["migrated"] == 1
    assert count(table) == 1


def test_it_may_be_sent_again(api: Api, table: Table) -> None:
    first, second = (api.done(CONTENT)["report"]["totals"] for _ in range(2))
    assert (first["migrated"], second["migrated"], second["unchanged"]) == (MANY, 0, MANY)
    assert count(table) == MANY


def test_of_many_entries_the_job_has_the_first_and_the_report_all(api: Api, table: Table) -> None:
    job = api.done(db(*(record(number, age="old") for number in range(BRIEF + 200))).encode())
    whole = api.http.get(f"/imports/{job['id']}/report").json()
    assert job["report"]["records"] == whole["records"][:BRIEF]
    assert len(whole["records"]) == BRIEF + 200 == job["report"]["totals"]["rejected"]


def test_what_is_broken_at_the_end_of_a_large_body_is_found_there(api: Api, table: Table) -> None:
    broken = db(*map(record, range(20_000))).encode()[:-8] + b'\n"x": }'
    job = api.done(broken)
    [fault] = job["report"]["file_errors"]
    assert (job["state"], fault["line"], count(table)) == ("failed", broken.count(b"\n") + 1, 0)
    assert job["detail"].startswith(f"line {fault['line']}, column {fault['column']}: not JSON: ")
    assert job["detail"].endswith("Nothing was changed.")


NO_DB_JSON = (
    b"", b"[]", b"7", b"\x1f\x8b\x08\x00", b'{"patients": {}}', b"\xff\xfe{", rb'{"a\u0000b": []}', rb'{"\ud800": []}',
)  # fmt: skip


@pytest.mark.parametrize("content", NO_DB_JSON)
def test_what_is_no_db_json_has_failed(api: Api, table: Table, content: bytes) -> None:
    job = api.done(content)
    assert (job["state"], job["report"]["status"], count(table)) == ("failed", "unreadable", 0)
    assert api.http.get(f"/imports/{job['id']}/rejects").status_code == 404


def test_it_is_on_record_who_imported_and_by_which_import(launch: Launch, table: Table) -> None:
    key, line = keys.made("anna", "admin")
    api = launch({"Authorization": f"Bearer {key}"}, access="keys", api_keys=line)
    job = api.done(db(record(1), record(2)).encode())
    assert job["by"] == "key:anna"
    assert table.execute("SELECT DISTINCT who, request FROM changes").fetchall() == [("key:anna", job["id"])]
    assert api.http.get("/patients/1/history").json()[0]["by"] == "key:anna"


@pytest.mark.parametrize(
    ("query", "headers", "status", "named"),
    [
        ("?dryRun=maybe", {}, 400, "dryRun"),
        ("?dryrun=true", {}, 400, "dryrun"),
        ("?dryRun=true&dryRun=false", {}, 400, "dryRun"),
        ("?allOrNothing=", {}, 400, "allOrNothing"),
        ("", {"Content-Type": "text/plain"}, 415, ""),
        ("", {"Content-Type": "multipart/form-data; boundary=x"}, 415, ""),
        ("", {"Content-Encoding": "br"}, 415, ""),
    ],
)
def test_what_cannot_be_taken_is_told(api: Api, query: str, headers: dict[str, str], status: int, named: str) -> None:
    answer = api.send(b"{}", query, **headers)
    assert (answer.status_code, list(answer.json().get("errors", []))) == (status, [named] if named else [])
    assert api.http.get("/imports").json() == []


def test_what_nobody_has_heard_of_is_not_found(api: Api) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/rejects"), ("GET", "/report")):
        answer = api.http.request(method, f"/imports/none{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert api.http.put("/imports").status_code == 405


def test_the_latest_ones_are_listed_and_old_ones_go_with_what_they_left(api: Api, table: Table) -> None:
    old, newer = api.done(MIXED), api.done(MIXED)
    assert [job["id"] for job in api.http.get("/imports").json()] == [newer["id"], old["id"]]
    assert all("report" not in job for job in api.http.get("/imports").json())
    table.execute("UPDATE imports SET at = at - interval '8 days' WHERE id = %s", [old["id"]])
    newest = api.done(MIXED)
    assert [job["id"] for job in api.http.get("/imports").json()] == [newest["id"], newer["id"]]
    assert table.execute("SELECT count(*) FROM import_files WHERE import_id = %s", [old["id"]]).fetchone() == (0,)


def test_a_file_may_be_larger_than_other_bodies_but_not_larger_than_it_may(launch: Launch, table: Table) -> None:
    api = launch(max_body_bytes=1000, max_bodies_bytes=600_000, import_max_bytes=len(CONTENT), base_path="/api")
    assert api.http.post("/api/patients", json={"name": "x" * 1000}).status_code == 413
    answer = api.http.post("/api/imports", content=CONTENT, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/imports/{answer.json()['id']}")
    wait_until(lambda: api.http.get("/api/imports").json()[0]["state"] == "done", 60, "its end")
    for larger in (CONTENT + b" ", _piecemeal(CONTENT + b" ")):
        answer = api.http.post("/api/imports", content=larger, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert f"{len(CONTENT)} bytes" in answer.json()["detail"]


def _piecemeal(content: bytes) -> Iterator[bytes]:
    yield from (content[at : at + 10_000] for at in range(0, len(content), 10_000))


def test_where_nothing_may_be_imported_there_is_no_such_address(launch: Launch) -> None:
    api = launch(import_max_bytes=0)
    assert {api.send(b"{}").status_code, api.http.get("/imports").status_code} == {404}


def test_an_import_is_not_in_the_memory_of_the_server(launch: Launch, table: Table) -> None:
    """20 MB, where this server may have a fraction of that on its way."""
    api = launch(max_bodies_bytes=600_000)
    api.done(CONTENT, "?dryRun=true")
    before = api.server.rss()
    padded = CONTENT[:-2] + b" " * 20_000_000 + b"}\n"
    assert api.done(padded)["report"]["totals"]["migrated"] == MANY
    assert api.server.rss() - before < 10


def test_a_fault_that_nobody_expected_says_nothing_of_a_record() -> None:
    """As where the server is of another version than what it starts."""
    order = b'{"task": "import", "dsn": "secret", "id": "Zo\xc3\xab", "who": "Zo\xc3\xab"}\n'
    command = f"import os, runpy, sys; r, w = os.pipe(); os.write(w, {order!r}); sys.argv = ['apart', str(r)]; "
    command += "runpy.run_module('app.apart', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", command],
        cwd=BACKEND,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"KeyError at importing.py:")
    assert b"Zo" not in done.stderr + done.stdout
