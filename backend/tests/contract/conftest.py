"""The servers that are compared: started once for all contract tests, json-server's releases from npm and ours."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import psycopg
import pytest

from app.dialect.collation import DETECT, Collations
from tests.contract.answers import Version
from tests.contract.pair import Pair
from tests.contract.records import PATIENTS
from tests.contract.servers import RELEASES, fitting_node, json_server, our_server
from tests.needs import needed


@pytest.fixture(scope="session")
def node() -> Path:
    return fitting_node()


@pytest.fixture(scope="session")
def collations(cluster: str) -> Collations:
    with psycopg.connect(cluster) as connection:
        found = connection.execute(DETECT.sql).fetchone()
    assert found
    return Collations(*found)


@pytest.fixture(autouse=True)
def _sorts_alike(request: pytest.FixtureRequest, collations: Collations) -> None:
    callspec = getattr(request.node, "callspec", None)
    if callspec and callspec.params.get("version", "0.17.4") != "0.17.4":
        needed(collations.order, "this PostgreSQL was built without ICU, and so does not sort as json-server 1.x does")


@pytest.fixture(scope="session")
def pairs(
    node: Path, copy_of_template: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[Version, Pair]]:
    """Each release beside ours in the fitting dialect, both with `PATIENTS`. All of them start at once."""
    folder = tmp_path_factory.mktemp("json-server")
    started = {
        version: (
            json_server(version, node, {"patients": PATIENTS}, folder / version),
            our_server(release.dialect, copy_of_template()),
        )
        for version, release in RELEASES.items()
    }
    with ExitStack() as stack:
        ready = {
            version: [stack.enter_context(process) for process in processes] for version, processes in started.items()
        }
        for _, ours in ready.values():
            for patient in PATIENTS:
                assert ours.send("POST", "/patients", patient).status == 201
        yield {version: Pair(version, theirs, ours, PATIENTS) for version, (theirs, ours) in ready.items()}
        for process in chain.from_iterable(started.values()):
            process.process.terminate()  # all at once, too
