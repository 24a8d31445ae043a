"""One durable PostgreSQL for the run, one server for each module; what they log is searched for patients."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.integration.faults.processes import Postgres, Server
from tests.integration.faults.wire import PLANTED, Client

LONG = os.environ.get("TORTURE") == "1"


@pytest.fixture(scope="session")
def amount() -> Callable[[int, int], int]:
    """`amount(short, long)`: the one for this run."""
    return lambda short, long: long if LONG else short


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="patients-faults-"))
    path.chmod(0o755)  # when root tests, PostgreSQL's user must get in
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def cluster_process(directory: Path) -> Iterator[Postgres]:
    postgres = Postgres(directory)
    postgres.start()
    yield postgres
    postgres.close()


@pytest.fixture
def postgres(cluster_process: Postgres) -> Postgres:
    """Running and empty, whatever the test before did to it."""
    cluster_process.start()
    cluster_process.empty()
    return cluster_process


@pytest.fixture
def table(postgres: Postgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection beside the server's, to look at what is really stored."""
    with postgres.connect() as connection:
        yield connection


@pytest.fixture
def start(postgres: Postgres, directory: Path) -> Iterator[Callable[..., Server]]:
    """Start a server with these settings; it ends with the test, and its log must not name a patient."""
    servers: list[Server] = []

    def run(dsn: str = "", **settings: object) -> Server:
        log = directory / f"server-{len(list(directory.glob('server-*')))}.log"
        chosen: dict[str, object] = {"log_level": "DEBUG"} | settings
        servers.append(Server(dsn or postgres.dsn, log, **chosen))
        return servers[-1].start()

    yield run
    for server in servers:
        if server.process.poll() is None:
            server.stop()
        assert not PLANTED.search(server.logged())


@pytest.fixture
def server(start: Callable[..., Server]) -> Server:
    return start()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server.port)
    yield client
    client.close()
