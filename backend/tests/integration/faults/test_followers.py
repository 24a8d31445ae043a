"""Nothing is lost to who follows, nothing told twice, and the changes of each record come in order; whoever writes.

Two well-known recipes read the same journal beside us and must fail: else the test would prove nothing.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.faults.conftest import launching
from tests.integration.faults.following import (
    ByHand,
    ByPage,
    ByRecipe,
    ByRequest,
    ByStream,
    journal,
    judged,
    working,
)
from tests.integration.faults.pooler import pooler
from tests.integration.faults.processes import Postgres, packaged_first
from tests.integration.faults.wire import ask
from tests.servers import Server, wait_until

Amount = Callable[[int, int], int]
Launch = Callable[..., Server]

_BY_SEQUENCE = "SELECT seq, id, seq FROM changes WHERE seq > %s ORDER BY seq"
_BY_TRANSACTION = """
SELECT xmin::text::bigint, seq, id, seq FROM changes WHERE (xmin::text::bigint, seq) > (%s, %s)
   AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY 1, 2
"""


@pytest.fixture(scope="module", params=["the machine's PostgreSQL", "the package's PostgreSQL"])
def cluster(request: pytest.FixtureRequest, cluster_process: Postgres, directory: Path) -> Iterator[Postgres]:
    if request.param == "the machine's PostgreSQL":
        cluster_process.start()
        yield cluster_process
        return
    (place := directory / "packaged").mkdir(mode=0o755)
    with packaged_first(place):
        postgres = Postgres(place)
    postgres.start()
    yield postgres
    postgres.close()


@pytest.fixture
def launch_there(cluster: Postgres, directory: Path) -> Iterator[Launch]:
    with launching(cluster, directory) as run:
        yield run


@pytest.mark.parametrize("way", ["directly", "through a pooler"])
def test_whoever_follows_sees_each_change_once_and_in_order(
    cluster: Postgres, launch_there: Launch, tmp_path: Path, amount: Amount, way: str
) -> None:
    with ExitStack() as stack, cluster.connect() as table:
        dsn = stack.enter_context(pooler(cluster.port, tmp_path)) if way != "directly" else cluster.dsn
        servers = [launch_there(dsn, db_pooled=way != "directly") for _ in range(2)]
        since = ask(servers[0].port, "GET", "/changes?_since=now").json()["next"]
        first = int(since.rpartition(".")[2])
        (xmin,) = table.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone() or (0,)
        ours: list[ByPage | ByStream] = [
            kind(n, servers[n].port, since) for n in range(2) for kind in (ByPage, ByStream)
        ]
        theirs = [ByRecipe(cluster.dsn, _BY_SEQUENCE, (first,)), ByRecipe(cluster.dsn, _BY_TRANSACTION, (xmin - 1, 0))]
        hands, clients = (
            [ByHand(n, cluster.dsn) for n in range(6)],
            [ByRequest(n, servers[n % 2].port) for n in range(2)],
        )
        with working([*ours, *theirs]):
            with working([*hands, *clients]):
                time.sleep(amount(6, 60))
            truth = journal(table, first)
            changes = sum(map(len, truth.values()))
            wait_until(lambda: all(len(one.seen) >= changes for one in ours), 20, "all have all")
        stored = {row["id"]: row for row in ask(servers[0].port, "GET", "/patients").json()}
        for one in ours:
            assert judged(one.seen, truth) == (changes, 0, 0, 0)
            assert {key: record for key, record in one.records.items() if record} == {k: stored[k] for k in stored}
        by_sequence, by_transaction = [judged(one.seen, truth) for one in theirs]
        print(f"{changes} changes; ours: none lost, none twice, none out of order")
        print("seq > last:", by_sequence)
        print("(own xid, seq) below xmin:", by_transaction)
        assert by_sequence.lost > 0
        assert by_transaction.disordered > 0
