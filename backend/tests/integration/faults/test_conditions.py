"""What requests, /health, /health/live, / and the log say in each condition of the database: the operations table.

One server meets all of them, one after another, and serves again after each.
"""

import os
import re
import resource
import signal
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import DOCS, rows
from tests.integration.faults.conftest import launching
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import Client, ask
from tests.patients import patient
from tests.servers import Server, wait_until

USER = "clerk"
RIGHTS = f"GRANT SELECT, INSERT, UPDATE, DELETE ON patients TO {USER}"
TABLE = rows(DOCS / "operations.md", "## Conditions")
WELL = TABLE[0][1:-1]
_numbers = count(1)

Condition = Callable[[Postgres, Server], Generator[None]]
CONDITIONS: dict[str, Condition] = {}


def condition(name: str) -> Callable[[Condition], Condition]:
    """Names what brings a condition about and, behind its `yield`, ends it."""

    def register(brought_about: Condition) -> Condition:
        CONDITIONS[name] = brought_about
        return brought_about

    return register


def by_sql(name: str, begin: str, end: str, *, anew: bool = False) -> None:
    """A condition that two statements make and end. `anew`: for connections made afterwards."""

    def brought_about(postgres: Postgres, _: Server) -> Generator[None]:
        _execute(postgres, begin, anew)
        yield
        _execute(postgres, end, anew)

    CONDITIONS[name] = brought_about


def _execute(postgres: Postgres, statement: str, anew: bool) -> None:
    with postgres.connect() as connection:
        connection.execute(statement.encode())
        if anew:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", [USER]
            )


@condition("all is well")
def well(_: Postgres, __: Server) -> Generator[None]:
    yield


@condition("the database is away")
def away(postgres: Postgres, _: Server) -> Generator[None]:
    postgres.stop()
    yield
    postgres.start()


@condition("it is frozen, or the network swallows everything")
def frozen(postgres: Postgres, _: Server) -> Generator[None]:
    postgres.freeze()
    yield
    postgres.thaw()


@condition("it is stopping, but lets us finish")
def stopping(postgres: Postgres, _: Server) -> Generator[None]:
    """ "Smart shutdown" (PostgreSQL 18.5): no new sessions, and the end when the last one has gone."""
    os.kill(postgres.tree()[0], signal.SIGTERM)
    yield
    postgres.stop()
    postgres.start()


@condition("this server has no file descriptor left")
def without_descriptors(_: Postgres, server: Server) -> Generator[None]:
    before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    yield
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)


@condition("changes wait for a synchronous standby that is away")
def awaiting(postgres: Postgres, _: Server) -> Generator[None]:
    postgres.set("synchronous_standby_names = 'away'")
    yield
    postgres.set("synchronous_standby_names = ''")


@condition("somebody has locked the table for longer than `DB_DEADLINE`")
def locked(postgres: Postgres, _: Server) -> Generator[None]:
    with postgres.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE patients")
        yield


by_sql("it has no table", "ALTER TABLE patients RENAME TO hidden", "ALTER TABLE hidden RENAME TO patients")
by_sql(
    "its table lacks a column",
    "ALTER TABLE patients RENAME extra TO hidden",
    "ALTER TABLE patients RENAME hidden TO extra",
)
by_sql("its user may not read", f"REVOKE SELECT ON patients FROM {USER}", RIGHTS)
by_sql("its user may read, not change", f"REVOKE INSERT ON patients FROM {USER}", RIGHTS)
by_sql(
    "it is read-only",
    f"ALTER ROLE {USER} SET default_transaction_read_only = on",
    f"ALTER ROLE {USER} RESET default_transaction_read_only",
    anew=True,
)
by_sql(
    "others have its last connections, or the user has no more",
    f"ALTER ROLE {USER} CONNECTION LIMIT 0",
    f"ALTER ROLE {USER} CONNECTION LIMIT -1",
)
by_sql(
    "the password was changed while we are connected",
    f"ALTER ROLE {USER} PASSWORD 'another'",
    f"ALTER ROLE {USER} PASSWORD 'right'",
)
by_sql(
    "it refuses the user's password, and no connection is left from before",
    f"ALTER ROLE {USER} PASSWORD 'another'",
    f"ALTER ROLE {USER} PASSWORD 'right'",
    anew=True,
)
by_sql("the user may no longer log in", f"ALTER ROLE {USER} NOLOGIN", f"ALTER ROLE {USER} LOGIN")


@contextmanager
def during(steps: Generator[None]) -> Iterator[None]:
    next(steps)
    try:
        yield
    finally:
        next(steps, None)


@pytest.fixture(scope="module")
def dsn(cluster_process: Postgres) -> str:
    """Of a user who must give a password and has no right but those that requests need."""
    cluster_process.start()
    cluster_process.demand_password(USER)
    _execute(cluster_process, RIGHTS, anew=False)
    return f"postgresql://{USER}:right@127.0.0.1:{cluster_process.port}/patients"


@pytest.fixture(scope="module")
def one_server(cluster_process: Postgres, dsn: str, directory: Path) -> Iterator[Server]:
    with launching(cluster_process) as run:
        yield run(dsn, log_level="WARNING", db_deadline=2, home_page=True)


@pytest.fixture
def client(postgres: Postgres, one_server: Server) -> Iterator[Client]:
    """Connected, while that is possible; all is well."""
    with closing(Client(one_server.port)) as client:
        wait_until(lambda: _asked(client) == WELL, 10, "all is well before")
        yield client


@pytest.mark.parametrize("expected", TABLE, ids=lambda cells: cells[0])
def test_a_condition_is_told_as_the_table_says(
    postgres: Postgres, one_server: Server, client: Client, expected: list[str]
) -> None:
    name, *_, log = expected
    before = len(one_server.said)
    with during(CONDITIONS[name](postgres, one_server)):
        assert [name, *_asked(client), log] == expected
        said = [line.split(" ", 3)[3] for line in one_server.said[before:].splitlines()]
    assert [line for line in said if not line.startswith("a statement failed: ")] == ([log] if log != "nothing" else [])
    wait_until(lambda: _asked(client) == WELL, 10, "all is well again")


def _asked(client: Client) -> list[str]:
    """The cells of the table, but for the name and the log."""
    reads, writes = client.ask("GET", "/patients?_limit=1"), client.ask("POST", "/patients", _patient())
    health, live, home = (client.ask("GET", path) for path in ("/health", "/health/live", "/"))
    for refused in (answer for answer in (reads, writes) if answer.status >= 400):
        assert refused.problem()
        assert refused.headers["retry-after"]
    word, detail = health.json()["database"], health.json().get("detail")
    assert (word == "ok") is (detail is None)
    assert health.seconds < 2
    assert home.status == 200
    return [
        str(reads.status),
        str(writes.status),
        f"{health.status} `{word}`",
        str(live.status),
        f"`{home.json()['database']}`",
    ]


def _patient() -> dict[str, Any]:
    return patient(patientID=f"C{next(_numbers)}", name="Secretia", medicalCondition="Morbus")


def test_the_table_has_every_condition() -> None:
    assert {cells[0] for cells in TABLE} == set(CONDITIONS)


def test_a_full_database_is_no_outage_under_load(postgres: Postgres, dsn: str, launch: Callable[..., Server]) -> None:
    """The pool has every connection that the user may have, all of them are busy, and /health asks again and again."""
    postgres.fill(3000)
    server = launch(dsn, db_pool_size=4, log_level="WARNING")
    _execute(postgres, f"ALTER ROLE {USER} CONNECTION LIMIT 4", anew=True)
    try:
        with ThreadPoolExecutor(24) as clients:
            lists = [clients.submit(ask, server.port, "GET", f"/patients?_sort=note&note_ne={n}") for n in range(150)]
            health = [ask(server.port, "GET", "/health") for _ in range(10)]
        assert {answer.status for answer in health} == {200}
        assert {one.result().status for one in lists} == {200}
        assert not re.search("no records can be served", server.said)
    finally:
        _execute(postgres, f"ALTER ROLE {USER} CONNECTION LIMIT -1", anew=False)
