"""The server keeps what /openapi.json says: schemathesis with every check and every phase, and a fixed seed."""

import os
import re
import subprocess
import sys
from pathlib import Path

from app.config import BACKEND
from app.resources import RESOURCES
from tests.integration.faults.processes import Postgres
from tests.servers import UNMEASURED, Server
from tests.torture import amount

COMMAND = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "--no-color"]


def test_the_description_is_true(postgres: Postgres, server: Server, tmp_path: Path) -> None:
    postgres.fill(5)
    for seed in range(1, 1 + amount(1, 5)):
        said = subprocess.run(
            [
                *COMMAND,
                f"--config-file={BACKEND / 'schemathesis.toml'}",
                "run",
                f"http://127.0.0.1:{server.port}/openapi.json",
                f"--max-examples={amount(10, 300)}",
                f"--seed={seed}",
                "--generation-database=none",
                "--warnings=off",
            ],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "120", "SCHEMATHESIS_HOOKS": "", **UNMEASURED},
            capture_output=True,
            text=True,
            timeout=amount(300, 1_800),
            check=False,
        )
        print(said.stdout[said.stdout.rfind("= SUMMARY =") :])
        assert said.returncode == 0, said.stdout[-6_000:] + said.stderr[-2_000:]
        assert int(re.findall(r"(\d+) generated", said.stdout)[-1]) > 500
        assert re.search(rf"Tested: {10 + 9 * len(RESOURCES)}\b", said.stdout)
