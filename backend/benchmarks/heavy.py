"""Lists that cost the most Python: beside other requests, and by themselves."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from statistics import median

import httpx2

from app.jsonserver.collation import Collations
from app.jsonserver.lists import Lists
from app.jsonserver.query import parse
from app.resources import PATIENTS
from benchmarks.scenarios import Request, heavy_lists

A_SECOND = 20


def python_ms() -> float:
    """Milliseconds of Python for one such list, from its query string to SQL: the median of many."""
    statements = Lists(PATIENTS, Collations("und-x-icu", "und-x-icu"))
    return median(_took(statements, request.path.partition("?")[2]) for request in heavy_lists())


def _took(statements: Lists, query: str) -> float:
    begin = time.perf_counter()
    statements.rows(parse(query, "0.17", PATIENTS.fields))
    return (time.perf_counter() - begin) * 1000


@contextmanager
def beside(url: str, requests: Sequence[Request]) -> Iterator[None]:
    """The requests in turn, `A_SECOND` of them a second, while the block runs."""
    over = threading.Event()
    client = threading.Thread(target=_send, args=(url, requests, over))
    client.start()
    try:
        yield
    finally:
        over.set()
        client.join()


def _send(url: str, requests: Sequence[Request], over: threading.Event) -> None:
    with httpx2.Client(base_url=url) as http:
        for request in cycle(requests):
            begin = time.perf_counter()
            http.get(request.path).raise_for_status()
            if over.wait(max(0.0, begin + 1 / A_SECOND - time.perf_counter())):
                return
