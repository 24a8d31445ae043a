"""Nothing is lost to who follows, nothing told twice, and the changes of each record come in order; whoever writes.

Two well-known recipes read the same journal beside us and must fail: else the test would prove nothing.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.development import upgrade
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
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import ask
from tests.patients import patient
from tests.servers import Server, wait_until
from tests.torture import amount

Launch = Callable[..., Server]

_BY_SEQUENCE = "SELECT seq, id, seq FROM changes WHERE seq > %s ORDER BY seq"
_BY_TRANSACTION = """
SELECT xmin::text::bigint, seq, id, seq FROM changes WHERE (xmin::text::bigint, seq) > (%s, %s)
   AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY 1, 2
"""


@pytest.fixture(params=["cluster_process", "packaged_process"], ids=["the machine's", "the package's"])
def cluster(request: pytest.FixtureRequest) -> Postgres:
    """Running and empty, whatever the test before did to it."""
    found: Postgres = request.getfixturevalue(request.param)
    found.start()
    found.empty()
    return found


@pytest.fixture
def launch_there(cluster: Postgres, directory: Path) -> Iterator[Launch]:
    with launching(cluster) as run:
        yield run


@pytest.mark.parametrize("way", ["directly", "through a pooler", "of three workers"])
def test_whoever_follows_sees_each_change_once_and_in_order(
    cluster: Postgres, launch_there: Launch, tmp_path: Path, way: str
) -> None:
    with ExitStack() as stack, cluster.connect() as table:
        dsn = stack.enter_context(pooler(cluster.port, tmp_path)) if (pooled := "pooler" in way) else cluster.dsn
        servers = [launch_there(dsn, db_pooled=pooled, workers=3 if "workers" in way else 1) for _ in range(2)]
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


@pytest.fixture
def younger(directory: Path) -> Iterator[Postgres]:
    (place := directory / "younger").mkdir(mode=0o755)
    postgres = Postgres(place)
    postgres.start()
    yield postgres
    postgres.close()


def test_who_follows_goes_on_after_a_restore(
    postgres: Postgres, younger: Postgres, launch: Launch, directory: Path
) -> None:
    """Into a cluster that has counted fewer transactions: those after it come behind those before all the same."""
    with postgres.connect() as table:
        for _ in range(5000):
            table.execute("SELECT pg_current_xact_id()")
    server = launch()
    cursors = []
    for number in (1, 2):
        assert post(server, number) == 201
        cursors.append(following(server, "now")[1])
    dump = dumped(postgres, directory / "dump")
    assert post(server, 3) == 201
    _, later = following(server, "now")
    restored = launch(restored_into(younger, dump))
    answer = ask(restored.port, "GET", "/changes")
    assert (answer.status, "alembic upgrade head" in answer.json()["detail"]) == (503, True)
    upgrade(f"{younger.dsn.rpartition('/')[0]}/restored")
    assert following(restored, cursors[0])[0] == ["2"]
    assert ask(restored.port, "GET", f"/changes?_since={later}").status == 410
    assert post(restored, 4) == 201
    assert [following(restored, since)[0] for since in cursors] == [["2", "4"], ["4"]]
    assert following(restored, following(restored, cursors[0])[1]) == ([], following(restored, "now")[1])


def post(server: Server, number: int) -> int:
    whole = patient(number, id=str(number), name="Secretia", medicalCondition="Morbus")
    return ask(server.port, "POST", "/patients", whole).status


def following(server: Server, since: str) -> tuple[list[str], str]:
    """The ids of what has changed since, and where to go on."""
    page = ask(server.port, "GET", f"/changes?_since={since}").json()
    return [one["id"] for one in page["changes"]], page["next"]


def dumped(postgres: Postgres, file: Path) -> Path:
    subprocess.run([postgres.programs / "pg_dump", "-Fc", "-f", file, postgres.dsn], check=True)
    return file


def restored_into(postgres: Postgres, dump: Path) -> str:
    """The DSN of a database of its own."""
    with postgres.connect() as connection:
        connection.execute("CREATE DATABASE restored")
    dsn = f"{postgres.dsn.rpartition('/')[0]}/restored"
    subprocess.run([postgres.programs / "pg_restore", "-d", dsn, dump], check=True)
    return dsn
