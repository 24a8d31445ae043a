"""json-server's releases from npm, as the contract tests have them, and a move that is in `copy`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chromium import browser, visit
from tests.contract.servers import fitting_node
from tests.cutover.trio import LEAFLET, Trio, some, trio

__all__ = ["browser", "visit"]


@pytest.fixture(scope="session")
def node() -> Path:
    return fitting_node()


@pytest.fixture(scope="session")
def in_copy(
    node: Path, copy_of_template: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trio]:
    """Filled by requests: no `DATABASE_URL` says where the importer could. Its json-server has LEAFLET, a file, too."""
    folder, dsn = tmp_path_factory.mktemp("copy"), copy_of_template()
    with trio("0.17.4", node, dsn, folder, some(6), imports=False) as three:
        (folder / "old/public/leaflet.txt").write_bytes(LEAFLET)
        three.cutover.stage("copy")
        yield three
