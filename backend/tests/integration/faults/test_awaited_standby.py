"""Changes wait for a synchronous standby that does not answer: it is said, reads are served, nothing is left behind."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count, cycle

import psycopg
import pytest

from tests.integration.faults.processes import Postgres
from tests.integration.faults.standby import Standby, synchronous
from tests.integration.faults.test_fairness import KEYS, asked_all_the_time, median, quicker
from tests.integration.faults.test_given_up import busy
from tests.integration.faults.test_pooler import patient
from tests.integration.faults.wire import Answer, Client, ask
from tests.servers import Server, wait_until
from tests.torture import LONG

Launch = Callable[..., Server]
Table = psycopg.Connection[tuple[object, ...]]

WRITERS = 8
SAYS = "Changes wait for a synchronous standby"
SECONDS = 20.0  # for what takes none on a quiet machine


@pytest.mark.parametrize("ending", ["frozen", "killed"] if LONG else ["frozen"])
def test_a_standby_that_does_not_answer_is_told(
    primary: Postgres, standby: Standby, launch: Launch, ending: str
) -> None:
    """In the body of /health, as a figure, and once in the log; and so is its return."""
    server = launch(metrics=True, log_level="WARNING", db_deadline=2)
    synchronous(primary)
    filled(server)
    assert told(server) == ("ok", 1, 0)
    with absent(standby, ending), writing(server) as answers:
        wait_until(lambda: told(server)[0] == "read-only", 6, "/health says it")
        for _ in range(8):  # through several rounds of writes
            assert told(server) == ("read-only", 0, 1)
            time.sleep(0.2)
        assert {answer.status for answer in answers} == {503}
        assert any(SAYS in answer.json()["detail"] for answer in answers)
    wait_until(lambda: ask(server.port, "POST", "/patients", patient(50)).status == 201, 10, "written to again")
    wait_until(lambda: told(server) == ("ok", 1, 1), 3, "/health says that it is over")
    assert server.said.count("the database is back") == 1


def test_it_is_told_where_nobody_writes_or_asks(primary: Postgres, standby: Standby, launch: Launch) -> None:
    server = launch(log_level="WARNING", db_deadline=1)
    synchronous(primary)
    with absent(standby, "killed"):
        wait_until(lambda: ask(server.port, "GET", "/health").json()["database"] == "read-only", 3, "/health says it")
    assert ask(server.port, "POST", "/patients", patient(0)).status == 201
    assert "the database is back" in server.said
    with absent(standby, "frozen"):
        ask(server.port, "POST", "/patients", patient(1))
        wait_until(lambda: server.said.count(SAYS) == 2, 1, "the log says it")


def test_hanging_writes_leave_reads_quick(primary: Postgres, standby: Standby, launch: Launch) -> None:
    """Of each kind: by id, pages, and what no index finds; and nothing waits in PostgreSQL afterwards."""
    server = launch(db_deadline=2)
    filled(server)
    synchronous(primary)
    with absent(standby, "killed"), primary.connect() as table:
        with writing(server) as answers:
            reads = list(reading(server, 3, "/patients/p0", "/patients?_page=1&_limit=2", "/patients?note_ne=1"))
        assert {answer.status for answer in answers} == {503}
        wait_until(lambda: busy(table) == 0, SECONDS, "no backend is left waiting, though the standby is still away")
    assert {answer.status for answer in reads} == {200}
    quicker(10, answers, reads)
    assert statistics.quantiles([answer.seconds for answer in reads], n=20)[-1] < median(answers) / 2


def test_hanging_writes_beside_slow_lists_leave_ids_quick(primary: Postgres, standby: Standby, launch: Launch) -> None:
    """Together they would take every connection."""
    primary.fill(20_000)
    server, numbers = launch(db_deadline=2), count()
    synchronous(primary)
    slow = [lambda: f"/patients?_sort={KEYS}&_limit=10&age_ne={100 + next(numbers)}"] * 4
    with absent(standby, "killed"), writing(server, "f") as answers, asked_all_the_time(server, slow) as lists:
        reads = list(reading(server, 2, "/patients/f9"))
    assert {answer.status for answer in reads + lists} == {200}
    quicker(10, answers, reads)


def test_a_commit_that_an_operator_let_go_is_not_acknowledged(
    primary: Postgres, standby: Standby, launch: Launch
) -> None:
    """PostgreSQL answers then as if a standby had it, and only warns: a failover would lose it."""
    server = launch(db_deadline=60)
    synchronous(primary)
    with absent(standby, "killed"), primary.connect() as table, ThreadPoolExecutor(1) as clients:
        writing = clients.submit(ask, server.port, "POST", "/patients", patient(1))
        ended = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        wait_until(lambda: table.execute(ended).fetchall() == [(True,)], 10, "it waits")
        assert writing.result(10).status == 503


def filled(server: Server) -> None:
    bodies = [patient(number) for number in range(WRITERS + 1)]
    assert {ask(server.port, "POST", "/patients", body).status for body in bodies} == {201}


@contextmanager
def absent(standby: Standby, ending: str) -> Iterator[None]:
    """It is killed, and starts again; or it is frozen and thaws: its connection stays, as behind a dead network."""
    begin, end = (standby.kill, standby.start) if ending == "killed" else (standby.freeze, standby.thaw)
    begin()
    try:
        yield
    finally:
        end()


@contextmanager
def writing(server: Server, prefix: str = "p") -> Iterator[list[Answer]]:
    """Clients that PUT, each a patient of its own, and one that POSTs; yields their answers as they come."""
    answers, going = list[Answer](), [True]

    def put(number: int) -> None:
        with closing(Client(server.port)) as client:
            while going:
                answers.append(
                    client.ask(
                        "PUT", f"/patients/{prefix}{number + 1}", patient(number + 1) | {"id": f"{prefix}{number + 1}"}
                    )
                )

    def post() -> None:
        with closing(Client(server.port)) as client:
            for number in count(100):
                if not going:
                    break
                answers.append(client.ask("POST", "/patients", patient(number)))

    with ThreadPoolExecutor(WRITERS + 1) as clients:
        team = [clients.submit(post), *(clients.submit(put, number) for number in range(WRITERS))]
        try:
            yield answers
        finally:
            going.clear()
        for one in team:
            one.result(10)


def reading(server: Server, seconds: float, *paths: str) -> Iterator[Answer]:
    """Each of them in turn."""
    end = time.monotonic() + seconds
    with closing(Client(server.port)) as client:
        for path in cycle(paths):
            if time.monotonic() > end:
                break
            yield client.ask("GET", path)
            time.sleep(0.01)


def told(server: Server) -> tuple[str, float, int]:
    """/health's word, the figure in /metrics, and how many lines of the log say it."""
    health = ask(server.port, "GET", "/health")
    assert (health.status, SAYS in health.json().get("detail", "")) == (200, health.json()["database"] != "ok")
    [figure] = re.findall(r"^database_writable (\S+)", ask(server.port, "GET", "/metrics").body.decode(), re.MULTILINE)
    return health.json()["database"], float(figure), server.said.count(SAYS)
