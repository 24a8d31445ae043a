"""The load generator: wrk where there is one, else autocannon. Both send the same file of requests in turn."""

import json
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.contenders import HERE
from benchmarks.scenarios import Request

_runs = count(1)  # so that no two runs make the same patientID


class Sample(NamedTuple):
    """One run: requests answered, per second; latency in milliseconds."""

    answered: int
    rate: float
    p50: float
    p99: float


class WrongAnswers(Exception):
    """A result that is no result: requests failed, or answers differ. The text says whose and where."""


def write(requests: list[Request], path: Path) -> Path:
    path.write_text("".join(f"{method}\t{target}\t{body}\n" for method, target, body in requests))
    return path


def run(url: str, requests: Path, connections: int, seconds: int) -> Sample:
    """Raises `WrongAnswers` if anything but 2xx came back."""
    command = (_wrk if shutil.which("wrk") else _autocannon)(url, str(requests), connections, seconds, str(next(_runs)))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    if result["failed"]:
        raise WrongAnswers(f"{requests.stem} at {url}: {result}")
    answered = result["answered"]
    return Sample(answered, answered / result["seconds"], result["p50"], result["p99"])


def name() -> str:
    return "wrk" if shutil.which("wrk") else "autocannon"


def _wrk(url: str, requests: str, connections: int, seconds: int, run: str) -> list[str]:
    amount = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    return ["wrk", *amount, "-s", str(HERE / "load.lua"), url, "--", requests, run]


def _autocannon(url: str, requests: str, connections: int, seconds: int, run: str) -> list[str]:
    return ["node", str(HERE / "node" / "load.js"), url, str(connections), str(seconds), requests, run]
