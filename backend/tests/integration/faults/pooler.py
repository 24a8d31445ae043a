"""A real transaction-mode pooler before a PostgreSQL."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.needs import program
from tests.servers import free_port, wait_until

_AS_NOBODY = ["-u", "nobody"] if os.geteuid() == 0 else []  # PgBouncer refuses to run as root


@contextmanager
def pooler(database_port: int, place: Path) -> Iterator[str]:
    """The DSN of a PgBouncer that has two connections for everybody and asks nobody for a password."""
    pgbouncer = program("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    file, port = place / "pgbouncer.ini", free_port()
    file.write_text(_settings(database_port, port))
    with subprocess.Popen([pgbouncer, "-q", *_AS_NOBODY, file], stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: _accepts(port), 10, "the pooler is there")
            yield f"postgresql://patients@127.0.0.1:{port}/patients"
        finally:
            process.kill()  # also when the test has failed: leaving waits for its end, and it for its clients


def _settings(database_port: int, port: int) -> str:
    return f"""
[databases]
patients = host=127.0.0.1 port={database_port} user=patients
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
"""


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
