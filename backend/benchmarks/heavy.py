"""Lists that cost much: beside other requests, and their part of Python by themselves."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from statistics import median

import httpx2

from app.dialect.collation import Collations
from app.dialect.lists import Lists
from app.dialect.query import parse
from app.resources import PATIENTS
from benchmarks.scenarios import Beside, Request, heavy_lists


def python_ms() -> float:
    """Milliseconds of Python for one such list, from its query string to SQL: the median of many."""
    statements = Lists(PATIENTS, Collations("und-x-icu", "und-x-icu"))
    return median(_took(statements, request.path.partition("?")[2]) for request in heavy_lists())


def _took(statements: Lists, query: str) -> float:
    begin = time.perf_counter()
    statements.rows(parse(query, "0.17", PATIENTS.fields))
    return (time.perf_counter() - begin) * 1000


@contextmanager
def beside(url: str, others: Beside) -> Iterator[None]:
    """The others' requests while the block runs."""
    over, requests = threading.Event(), others.requests()
    shares = [requests[number :: others.clients] for number in range(others.clients)]
    pause = 1 / others.a_second if others.a_second else 0
    clients = [threading.Thread(target=_send, args=(url, share, pause, over)) for share in shares]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        over.set()
        for client in clients:
            client.join()


def _send(url: str, requests: Sequence[Request], pause: float, over: threading.Event) -> None:
    with httpx2.Client(base_url=url) as http:
        for request in cycle(requests):
            begin = time.perf_counter()
            http.get(request.path).raise_for_status()
            if over.wait(max(0.0, begin + pause - time.perf_counter())):
                return
