"""What is quick is never behind what is not: slow lists, large patients, writers that wait for somebody's lock."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count

from tests.crowds import at_work
from tests.integration.faults.processes import Postgres
from tests.integration.faults.test_pooler import patient
from tests.integration.faults.wire import Answer, Client, ask
from tests.servers import Server

Launch = Callable[..., Server]
Path = Callable[[], str]

KEYS = ",".join(f"nobody{number}" for number in range(8))  # no index sorts by these
DEADLINE = 4  # seconds
LISTS = 16  # who asks for them: twice as many as there are connections, so that who stands behind them waits long


def test_slow_lists_leave_ids_and_writes_quick(launch: Launch, postgres: Postgres) -> None:
    postgres.fill(150_000)
    server, numbers = launch(), count()
    somebody = patient(150_001) | dict.fromkeys(KEYS.split(","), 1)  # else the keys would be quick: nobody has them
    assert ask(server.port, "POST", "/patients", somebody).status == 201
    slow = [lambda: f"/patients?_sort={KEYS}&_limit=10&age_ne={100 + next(numbers)}"] * LISTS
    with asked_all_the_time(server, slow) as lists:
        reads, writes, health = beside(server)
    assert {answer.status for answer in reads + writes + health} == {200}
    quicker(25, lists, reads, writes)


def test_a_reader_of_large_patients_keeps_nobody_waiting(launch: Launch, postgres: Postgres) -> None:
    postgres.fill(100)
    server = launch(max_body_bytes=8_000_000)
    large = [patient(number) | {"photo": f"x{number:05}" * 600_000} for number in range(4)]
    assert {ask(server.port, "POST", "/patients", body).status for body in large} == {201}
    with asked_all_the_time(server, [partial("/patients/p{}".format, 1)]) as answers:
        reads, writes, health = beside(server)
    assert {answer.status for answer in [*answers, *reads, *writes, *health]} == {200}
    quicker(4, answers, reads, writes)
    assert {answer.json()["photo"] for answer in answers} <= {body["photo"] for body in large}


def test_writers_behind_a_lock_let_readers_read(launch: Launch, postgres: Postgres) -> None:
    """As beside an import: its lock lets readers pass, and no writer."""
    postgres.fill(1000)
    server = launch()
    with postgres.connect() as other, other.transaction(), ThreadPoolExecutor(100) as clients:
        other.execute("LOCK TABLE patients IN SHARE ROW EXCLUSIVE MODE")
        client, body, writing = Client(server.port), patient(1), list[Future[Answer]]()
        reads, pages = list[Answer](), list[Answer]()
        for number in range(1, 50):
            for method in ("PUT", "PATCH", "DELETE"):
                writing.append(clients.submit(ask, server.port, method, f"/patients/f{number}", body))
            reads.append(client.ask("GET", f"/patients/f{number + 300}"))
            pages.append(client.ask("GET", f"/patients?_page={number}&_limit=10"))
            time.sleep(0.1)
        client.close()
        refused = [one.result() for one in writing]
    assert {answer.status for answer in reads + pages} == {200}
    quicker(4, refused, reads, pages)
    assert {(answer.status, answer.headers["retry-after"]) for answer in refused} == {(503, "1")}
    assert statistics.quantiles([answer.seconds for answer in refused], n=20)[-1] < DEADLINE / 2


def quicker(times: int, slow: list[Answer], *quick: list[Answer]) -> None:
    """By so much than what they must not stand behind, in the same seconds: a busy machine holds up both."""
    bound = median(slow) / times
    assert [median(answers) < bound for answers in quick] == [True] * len(quick)


def median(answers: list[Answer]) -> float:
    found = statistics.median(answer.seconds for answer in answers)
    print(f"median {found * 1000:.1f} ms of {len(answers)}")
    return found


def beside(server: Server, seconds: float = 4) -> tuple[list[Answer], list[Answer], list[Answer]]:
    """Reads of one, writes of one, and /health, in turn."""
    client, end = Client(server.port), time.monotonic() + seconds
    found: tuple[list[Answer], list[Answer], list[Answer]] = ([], [], [])
    for number in count(1):
        if time.monotonic() > end:
            break
        found[0].append(client.ask("GET", f"/patients/f{1 + number % 90}"))
        found[1].append(client.ask("PATCH", f"/patients/f{1 + number % 90}", {"age": 1 + number % 90}))
        if number % 20 == 1:
            found[2].append(client.ask("GET", "/health"))
        time.sleep(0.01)
    client.close()
    return found


@contextmanager
def asked_all_the_time(server: Server, paths: list[Path]) -> Iterator[list[Answer]]:
    """A client for each; yields their answers as they come."""
    answers, ended = list[Answer](), threading.Event()

    def ask_on(path: Path) -> None:
        client = Client(server.port)
        while not ended.is_set():
            answers.append(client.ask("GET", path()))
        client.close()

    threads = [threading.Thread(target=ask_on, args=[path]) for path in paths]
    with at_work(threads, ended):
        time.sleep(1)
        yield answers
