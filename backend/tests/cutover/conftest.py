"""json-server's releases from npm, as the contract tests have them."""

from pathlib import Path

import pytest

from tests.contract.servers import fitting_node


@pytest.fixture(scope="session")
def node() -> Path:
    return fitting_node()
