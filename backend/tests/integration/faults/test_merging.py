"""The search index is merged beside the writes, which then never stall for it."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.integration.faults.processes import Postgres
from tests.integration.faults.test_pooler import patient
from tests.integration.faults.wire import ask
from tests.needs import needed
from tests.servers import Server, wait_until

Launch = Callable[..., Server]
Table = psycopg.Connection[Any]

INDEX = "patients_search_ix"


@pytest.fixture
def searchable(table: Table) -> Table:
    [(there,)] = table.execute("SELECT to_regclass(%s) IS NOT NULL", [INDEX]).fetchall()
    return needed(table if there else None, "this PostgreSQL has no pg_trgm")


def test_what_was_written_is_soon_in_the_index(searchable: Table, launch: Launch) -> None:
    server = launch()
    assert {ask(server.port, "POST", "/patients", patient(number)).status for number in range(20)} == {201}
    wait_until(lambda: merged(searchable), 5, "the server merges")
    assert listed(searchable) == 0


def test_who_does_not_own_the_index_leaves_it_to_postgresql(
    searchable: Table, postgres: Postgres, launch: Launch
) -> None:
    searchable.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    searchable.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON patients TO guest")
    server = launch(postgres.dsn.replace("patients@", "guest@"), log_level="WARNING")
    try:
        assert ask(server.port, "POST", "/patients", patient(1)).status == 201
        wait_until(lambda: ask(server.port, "GET", "/patients?q=secretia").json(), 3, "it is found")
        assert listed(searchable) > 0
        assert "a statement failed" not in server.said
    finally:
        server.stop()
        searchable.execute("DROP OWNED BY guest; DROP ROLE guest")


def merged(table: Table) -> bool:
    """Whether a connection of the server's has done so last."""
    return bool(
        table.execute(
            "SELECT FROM pg_stat_activity WHERE application_name = 'patients-api' AND state = 'idle'"
            " AND query LIKE '%gin_clean_pending_list%'"
        ).fetchall()
    )


def listed(table: Table) -> int:
    """Pages of the list, which are merged by asking."""
    [(pages,)] = table.execute("SELECT gin_clean_pending_list(%s::regclass)", [INDEX]).fetchall()
    return int(pages)
