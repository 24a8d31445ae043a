"""A standby of a PostgreSQL, which takes its place: streaming, synchronous or not, with as much lag as is asked for."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.embedded.binaries import child, find
from app.embedded.places import account_for, home_in
from tests.integration.faults.processes import START_SECONDS, Postgres
from tests.servers import wait_until

_SENDING = "SELECT pid FROM pg_stat_replication WHERE state = 'streaming'"


class Standby(Postgres):
    """Made by `pg_basebackup`; it streams from when it is started."""

    def __init__(self, data_dir: Path, primary: Postgres) -> None:
        self._primary = primary
        super().__init__(data_dir)

    def _make(self, data_dir: Path) -> None:
        account = account_for(data_dir)
        home = home_in(data_dir, account)
        program, data = find(home, account).folder / "pg_basebackup", home / "data"
        # -R: "standby.signal", and where the primary is.
        command: list[object] = [program, "-D", data, "-d", self._primary.dsn, "-R", "--checkpoint=fast", "--no-sync"]
        subprocess.run(list(map(str, command)), check=True, timeout=START_SECONDS, **child(account))

    def start(self) -> None:
        """Return once it streams."""
        super().start()
        with self._primary.connect() as connection:
            wait_until(lambda: connection.execute(_SENDING).fetchone(), START_SECONDS, "the standby streams")

    def promote(self) -> None:
        """It takes writes when this returns (26.3: the old primary must have been shut out; here nobody does that)."""
        with self.connect() as connection:
            assert connection.execute("SELECT pg_promote(true, 20)").fetchone() == (True,)

    @contextmanager
    def lagging(self) -> Iterator[None]:
        """Nothing that the primary writes is sent meanwhile."""
        with self._primary.connect() as connection:
            [(sender,)] = connection.execute(_SENDING).fetchall()
        os.kill(sender, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):  # the primary may have been killed
                os.kill(sender, signal.SIGCONT)


def synchronous(primary: Postgres) -> None:
    """From now on its commits wait for any one standby."""
    primary.set("synchronous_standby_names = '*'")


def either(first: Postgres, second: Postgres) -> str:
    """A DATABASE_URL that names both, and wants the one that takes writes."""
    hosts = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
    return f"postgresql://patients@{hosts}/patients?target_session_attrs=read-write"
