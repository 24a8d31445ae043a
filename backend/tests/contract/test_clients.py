"""Ready-made clients for json-server, driven through all their methods: the same results here as from 0.17.4, which
they are made for, whatever dialect this server is set to. DELETE answers with the record here, not with {}."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.contract.answers import Version
from tests.contract.pair import Pair
from tests.contract.records import PATIENTS
from tests.contract.servers import FOLDER, Server

CLIENTS = ("ra-data-json-server", "simple-rest")
DELETIONS = ("delete", "delete many")


def transcript(node: Path, client: str, server: Server) -> dict[str, Any]:
    done = subprocess.run(
        [node, "drive_clients.mjs", client, server.url],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)
    return results


@pytest.fixture
def servers(pairs: Mapping[Version, Pair]) -> Iterator[dict[str, Server]]:
    """0.17.4 and ours in both dialects, each with the same patients."""
    old, new = pairs["0.17.4"], pairs["1.0.0-beta.3"]
    for pair in (old, new):
        pair.reset([])
        pair.reset(PATIENTS)
    yield {"0.17.4": old.theirs, "ours in dialect 0.17": old.ours, "ours in dialect 1": new.ours}
    for pair in (old, new):
        pair.forget()


@pytest.mark.parametrize("client", CLIENTS)
def test_every_method_of_a_client(client: str, node: Path, servers: dict[str, Server]) -> None:
    results = {name: transcript(node, client, server) for name, server in servers.items()}
    expected = results.pop("0.17.4")
    assert expected["missing"].pop("told") == "nothing"
    for result in results.values():
        assert result["missing"].pop("told") == "a reason"
        assert result["delete"]["data"]["id"] == "made-here"
    for name in DELETIONS:
        for result in (expected, *results.values()):
            result.pop(name, None)
    for name, result in results.items():
        assert result == expected, name
