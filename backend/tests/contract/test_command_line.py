"""The command lines of the real json-servers beside ours: every flag is known, and delay and read-only do the same."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.command_line import FLAGS, MISSING
from tests.contract.answers import Version
from tests.contract.records import PATIENTS
from tests.contract.servers import FOLDER, RELEASES, Server, json_server, our_server

KNOWN = {name for flag in (*FLAGS, *MISSING) for name in flag.names}
DELAY = 300  # milliseconds


@pytest.mark.parametrize("version", RELEASES)
def test_every_flag_is_known(version: Version, node: Path) -> None:
    release = RELEASES[version]
    program = FOLDER / "node_modules" / release.folder / release.program
    said = subprocess.run([node, program, "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^ +(-.*?)(?:  |$)", said, re.MULTILINE)
    flags = set(re.findall(r"(?<!\S)--?\w[\w-]*", " ".join(listed)))
    assert {"--port", "--host", "--static", "--help", "--version"} <= flags
    assert flags <= KNOWN


@pytest.fixture(scope="module")
def both(
    node: Path, copy_of_template: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    """json-server 0.17.4 and ours, both slow and unwilling to write."""
    flags = ("--read-only", "--delay", str(DELAY))
    folder = tmp_path_factory.mktemp("json-server")
    theirs = json_server("0.17.4", node, {"patients": PATIENTS}, folder, *flags)
    ours = our_server("0.17", copy_of_template(), *flags)
    with theirs as one, ours as other:
        yield [one, other]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/patients"),
        ("GET", "/nowhere"),
        ("POST", "/patients"),
        ("PUT", "/patients/1"),
        ("PATCH", "/patients/1"),
        ("DELETE", "/patients/1"),
        ("DELETE", "/nowhere"),
    ],
)
def test_read_only_is_403_to_every_write(both: list[Server], method: str, target: str) -> None:
    statuses = [server.send(method, target, None if method == "GET" else {}).status for server in both]
    assert statuses == [{"GET /patients": 200, "GET /nowhere": 404}.get(f"{method} {target}", 403)] * 2


def test_a_browser_may_ask_first_and_read_the_refusal(both: list[Server]) -> None:
    origin = {"Origin": "http://a.example"}
    asking = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for server in both:
        assert server.send("OPTIONS", "/patients", None, asking).status == 204
        refused = server.send("POST", "/patients", {}, origin | {"Content-Type": "application/json"})
        assert (refused.status, "access-control-allow-origin" in refused.headers) == (403, True)


def test_head_is_a_read(both: list[Server]) -> None:
    assert [server.send("HEAD", "/patients").status for server in both] == [403, 200]


@pytest.mark.parametrize(
    ("target", "least"),
    [
        ("/patients", DELAY),
        ("/patients/1", DELAY),
        ("/patients?_delay=300", 2 * DELAY),
        ("/patients?_limit=1&_delay=300&_delay=9", 2 * DELAY),
        ("/patients?_delay=soon", DELAY),
    ],
)
def test_answers_are_held_back(both: list[Server], target: str, least: int) -> None:
    for server in both:
        begin = time.monotonic()
        server.send("GET", target)
        assert least <= (time.monotonic() - begin) * 1000 + 5
