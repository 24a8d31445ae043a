"""What `make` is given on its command line."""

import json

import httpx2

from tests.docs.conftest import Sandbox
from tests.servers import Server

_INSTALLED = "--old-file=backend/.venv/.made"  # the copy's environment is this one: whatever its locks say, it stays


def test_a_relative_path_is_looked_for_where_one_stands(sandbox: Sandbox) -> None:
    patient = json.loads((sandbox.root / "db.json").read_text())["patients"][3]
    (sandbox.root / "my own.json").write_text(json.dumps({"patients": [patient]}))
    command = ["make", _INSTALLED, "serve", "PORT={port}", "SEED_FILE=my own.json", "DATA_DIR=data"]
    with Server(command, sandbox.root, {"MAKEFLAGS": ""}) as server:
        assert httpx2.get(f"{server.url}/patients").json() == [patient]
    assert (sandbox.root / "data").is_dir()
