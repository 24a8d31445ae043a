"""Why there is no connection: what libpq and PostgreSQL really say, and the sentence the operator gets for it."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.database import Database
from app.errors import DatabaseUnavailable
from app.resources import RESOURCES
from app.services.needs import needs
from tests.integration.faults.processes import Postgres
from tests.needs import program
from tests.servers import free_port, wait_until

HERE = "postgresql://patients@127.0.0.1:{port}/patients"

WRONG = {
    "password": ("postgresql://wrong:hunter2@127.0.0.1:{port}/patients", "refuses DATABASE_URL's user or password"),
    "database": ("postgresql://patients@127.0.0.1:{port}/absent", "the database named in DATABASE_URL does not exist"),
    "user": ("postgresql://absent@127.0.0.1:{port}/patients", "the user named in DATABASE_URL does not exist"),
    "port": ("postgresql://patients:hunter2@127.0.0.1:{free}/patients", "nothing listens at the address"),
    "host": ("postgresql://patients:hunter2@nowhere.invalid/patients", "the host in DATABASE_URL is unknown"),
    "nologin": ("postgresql://barred@127.0.0.1:{port}/patients", "may not log in (NOLOGIN)"),
    "limit": (
        "postgresql://limited@127.0.0.1:{port}/patients",
        "no connection left (max_connections, CONNECTION LIMIT)",
    ),
    "closed": ("postgresql://patients@127.0.0.1:{port}/closed", "named in DATABASE_URL is closed (ALLOW_CONNECTIONS)"),
    "kept out": ("postgresql://outsider@127.0.0.1:{port}/private", "may not connect to its database (CONNECT)"),
    "standby": (f"{HERE}?target_session_attrs=standby", "its target_session_attrs asks for"),
    "reader": (f"{HERE}?target_session_attrs=read-only", "its target_session_attrs asks for"),
    "service": ("postgresql://?service=absent", "is in no service file of this machine"),
    "value": (f"{HERE}?sslmode=nonsense", "a parameter in DATABASE_URL has a value that cannot be used"),
    "setting": (f"{HERE}?options=-cnonsense%3D1", "a parameter in DATABASE_URL has a value that cannot be used"),
    "weak": (
        f"{HERE}?sslmode=require&sslrootcert=system",
        "a parameter in DATABASE_URL has a value that cannot be used",
    ),
    "no TLS": (f"{HERE}?sslmode=require", "do not agree on encryption (sslmode)"),
    "proof": (f"{HERE}?channel_binding=require", "does not prove itself as DATABASE_URL asks"),
    "another program": ("postgresql://patients:hunter2@127.0.0.1:{rude}/patients", "hangs up: is it PostgreSQL?"),
    "socket": ("postgresql:///patients?host=/nowhere", "nothing listens at the address"),
}
KINDS = (
    "CREATE ROLE barred", "CREATE ROLE limited LOGIN CONNECTION LIMIT 1", "ALTER ROLE limited CONNECTION LIMIT 0",
    "CREATE ROLE outsider LOGIN", "CREATE DATABASE closed ALLOW_CONNECTIONS false", "CREATE DATABASE private",
    "REVOKE CONNECT ON DATABASE private FROM public",
)  # fmt: skip


@pytest.fixture(scope="module")
def port(cluster_process: Postgres) -> int:
    """Of a PostgreSQL with every kind of user and database that lets nobody in."""
    cluster_process.start()
    cluster_process.demand_password("wrong")
    with cluster_process.connect() as connection:
        for statement in KINDS:
            connection.execute(statement.encode())
    return cluster_process.port


@pytest.fixture
def rude() -> Iterator[int]:
    """The port of a program that hangs up on everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_hang_up, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _hang_up(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


@pytest.mark.parametrize(("url", "reason"), WRONG.values(), ids=WRONG)
async def test_a_wrong_url_is_told_to_the_operator_alone(
    port: int, rude: int, caplog: pytest.LogCaptureFixture, url: str, reason: str
) -> None:
    assert reason in await _told(url.format(port=port, free=free_port(), rude=rude), caplog)


async def _told(url: str, caplog: pytest.LogCaptureFixture) -> str:
    """What the log says of a database at this address; clients learn only that there is none."""
    caplog.set_level("DEBUG")
    database = Database(Settings(_env_file=None, database_url=SecretStr(url)), needs(RESOURCES))
    await database.open()
    outage = await database.outage()
    await database.close()
    assert outage
    assert (outage.detail, outage.reads) == (DatabaseUnavailable.detail, False)
    assert "hunter2" not in caplog.text
    return caplog.text


@pytest.fixture
def certificates(postgres: Postgres, tmp_path: Path) -> Iterator[Path]:
    """PostgreSQL speaks TLS with `mine.crt`, which is for db.example; `other.crt` has nothing to do with it."""
    program("openssl")
    for name in ("mine", "other"):
        _make_certificate(tmp_path, name)
    postgres.speak_tls(tmp_path / "mine.crt", tmp_path / "mine.key")
    wait_until(lambda: _speaks_tls(postgres), 5, "TLS is on")
    yield tmp_path
    postgres.speak_plainly()


def _make_certificate(folder: Path, name: str) -> None:
    subject = ["-subj", "/CN=db.example", "-addext", "subjectAltName=DNS:db.example", "-days", "2"]
    files: list[str | Path] = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"]
    made: list[str | Path] = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files]
    subprocess.run(made, check=True, capture_output=True)


def _speaks_tls(postgres: Postgres) -> bool:
    with postgres.connect() as connection:
        return connection.pgconn.ssl_in_use


TLS = {
    "another host": ("sslmode=verify-full&sslrootcert={folder}/mine.crt", "is for another host (sslmode=verify-full)"),
    "another authority": ("sslmode=verify-ca&sslrootcert={folder}/other.crt", "is not vouched for by the root"),
    "no root": ("sslmode=verify-full&sslrootcert={folder}/none.crt", "that checks the database's is not there"),
    "no key": ("sslmode=require&sslcert={folder}/mine.crt&sslkey={folder}/none.key", "own certificate or key cannot"),
}


@pytest.mark.parametrize(("parameters", "reason"), TLS.values(), ids=TLS)
async def test_a_failure_of_tls_is_a_sentence(
    certificates: Path, postgres: Postgres, caplog: pytest.LogCaptureFixture, parameters: str, reason: str
) -> None:
    url = f"{postgres.dsn}?{parameters.format(folder=certificates)}"
    assert reason in await _told(url, caplog)
