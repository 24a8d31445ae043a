"""`scripts/migrate_db_json.py --to URL`: the same as without, in the database that a server has."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.access import keys
from app.config import BACKEND
from tests.commands import Done, ran
from tests.integration.importer.conftest import count, db, record
from tests.servers import UNMEASURED

from .conftest import CONTENT, Api, Launch, Table, half_way, held

MIXED = db(record(7, id=7), record(2, age="old", gender="x"), record(3, patientID="P007"), doctors=[{}], x=1)
SCRIPT = [sys.executable, BACKEND / "scripts" / "migrate_db_json.py"]


def script(*arguments: object, **environment: str) -> Done:
    return ran(SCRIPT[1], *arguments, **{"LC_ALL": "C.UTF-8"} | environment)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (path := tmp_path / "theirs.json").write_text(MIXED)
    return path


def told(done: Done, report: Path) -> tuple[int, str, Any]:
    return done.returncode, done.stdout, {**json.loads(report.read_text()), "seconds": 0}


@pytest.mark.parametrize(("content", "option"), [(MIXED, "--dry-run"), (MIXED, "--all-or-nothing"), ("{", "--dry-run")])
def test_it_says_and_leaves_the_same(api: Api, database_url: str, file: Path, content: str, option: str) -> None:
    file.write_text(content)
    report, rejects = file.with_name("report.json"), file.with_name("rejects.json")
    found = []
    for where, environment in (([], {"DATABASE_URL": database_url}), (["--to", api.server.url], {})):
        rejects.unlink(missing_ok=True)
        done = script(file, "--report", report, "--rejects", rejects, "--dry-run", option, *where, **environment)
        code, said, whole = told(done, report)
        if whole["status"] == "unreadable":
            del whole["source"]  # how much of it was read
        found.append((code, said, done.stderr, whole, rejects.read_bytes() if rejects.exists() else None))
    assert found[0] == found[1]


def test_it_is_written_over_there(api: Api, table: Table, file: Path) -> None:
    first, second = (script(file, "--to", api.server.url) for _ in range(2))
    assert (first.returncode, second.returncode, count(table)) == (1, 1, 1)
    assert "│ unchanged │       1 │" in second.stdout
    piped = ran(SCRIPT[1], "-", "--to", api.server.url, "--quiet", stdin=db(record(9)))
    assert (piped.returncode, count(table)) == (0, 2)


def test_the_key_is_in_the_environment(launch: Launch, table: Table, file: Path) -> None:
    key, line = keys.made("anna", "admin")
    api = launch(access="keys", api_keys=line, base_path="/api")
    address = f"{api.server.url}/api/"
    assert script(file, "--to", address, API_KEY=key).returncode == 1
    assert table.execute("SELECT who FROM changes").fetchall() == [("key:anna",)]
    for environment, answer in (({}, "401"), ({"API_KEY": "pak_wrong"}, "401")):
        refused = script(file, "--to", address, **environment)
        assert (refused.returncode, f"the server's answer is {answer}" in refused.stderr) == (3, True)


def test_what_is_no_server_of_ours_is_told(api: Api, file: Path, tmp_path: Path) -> None:
    nowhere = script(file, "--to", "http://127.0.0.1:1", "--report", tmp_path / "report.json")
    assert (nowhere.returncode, nowhere.stderr.count("\n")) == (3, 1)
    assert json.loads((tmp_path / "report.json").read_text())["status"] == "failed"
    assert script(file, "--to", f"{api.server.url}/nowhere").returncode == 3
    for wrong in (["ftp://x"], [api.server.url, "--replace"], [api.server.url, "--no-verify"]):
        assert script(file, "--to", *wrong).returncode == 2
    assert script(tmp_path / "absent.json", "--to", api.server.url).returncode == 2


def test_who_interrupts_it_cancels_it(api: Api, table: Table, tmp_path: Path) -> None:
    (source := tmp_path / "db.json").write_bytes(CONTENT)
    command = [*map(str, SCRIPT), str(source), "--to", api.server.url]
    with half_way(table), subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ | UNMEASURED) as process:
        held(table)
        assert script(source, "--to", api.server.url).stderr.startswith(
            "The import failed. another import is under way"
        )
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said.decode().splitlines()[-1]) == (130, "Interrupted: nothing was written.")
    assert (api.last()["state"], count(table)) == ("cancelled", 0)
