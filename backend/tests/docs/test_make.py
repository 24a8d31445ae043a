"""What `make` is given on its command line."""

import json
from pathlib import Path

import httpx2

from tests.checkout import clone
from tests.docs.conftest import Sandbox
from tests.servers import Server

_INSTALLED = "--old-file=backend/.venv/.made"  # the copy's environment is this one: whatever its locks say, it stays


def test_a_relative_path_is_looked_for_where_one_stands(sandbox: Sandbox) -> None:
    patient = json.loads((sandbox.root / "db.json").read_text())["patients"][3]
    (sandbox.root / "my own.json").write_text(json.dumps({"patients": [patient]}))
    command = ["make", _INSTALLED, "serve", "PORT={port}", "SEED_FILE=my own.json", "DATA_DIR=data"]
    with Server(command, sandbox.root, {"MAKEFLAGS": "", "MAKELEVEL": ""}) as server:
        assert httpx2.get(f"{server.url}/patients").json() == [patient]
    assert (sandbox.root / "data").is_dir()


def test_a_relative_path_is_looked_for_where_make_was_typed(tmp_path: Path) -> None:
    backend = clone(tmp_path / "checkout")
    (tmp_path / "my own.json").write_text('{"visits": [{"id": 1, "day": "2024-01-15"}]}')
    done = Sandbox(tmp_path).bash(f"make {_INSTALLED} -C checkout declare FILE='my own.json' DRY_RUN=1")
    assert done.returncode == 0, done.stderr
    assert "visits: 1 record, ids are numbers" in done.stdout
    assert "backend/app/models/visit.py" in done.stdout
    assert not (backend / "app/models/visit.py").exists()


def test_declare_wants_a_file(sandbox: Sandbox) -> None:
    done = sandbox.bash(f"make {_INSTALLED} declare")
    assert done.returncode != 0
    assert "Which file? make declare FILE=../their/db.json" in done.stderr
