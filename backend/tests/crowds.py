"""Threads that ask a server at once, for as long as a block of a test runs."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

SECONDS = 60.0  # has a thread to end, once it is told to


@contextmanager
def at_work(team: Sequence[threading.Thread], told: threading.Event) -> Iterator[None]:
    """Each of them until it is told to stop."""
    for one in team:
        one.start()
    try:
        yield
    finally:
        told.set()
        for one in team:
            one.join(SECONDS)
    assert not any(one.is_alive() for one in team), "a request hangs"
