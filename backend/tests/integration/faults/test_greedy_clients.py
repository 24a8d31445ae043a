"""What one client may take: memory by what it sends, connections, other people's time. Never all of it."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.crowds import at_work
from tests.integration.faults import hostile
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import ask, connect, read_all
from tests.servers import Server, wait_until
from tests.torture import amount

Launch = Callable[..., Server]

LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = b'{"age": 7}'
PATCH = b"PATCH /patients/f1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n" + BODY
UPGRADE = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
POST = b"POST /patients HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LAST = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
MIB = 2**20


@pytest.mark.parametrize("request_bytes", [LIVE, PATCH, UPGRADE], ids=["GET", "PATCH", "upgrade"])
@pytest.mark.parametrize("reads", [False, True], ids=["reads nothing", "reads slowly"])
def test_who_sends_on_and_on_takes_no_more_memory(
    server: Server, postgres: Postgres, request_bytes: bytes, reads: bool
) -> None:
    postgres.fill(1)
    for _ in range(200):
        ask(server.port, "GET", "/health/live")
    before, peak = server.rss(), 0.0
    with flooding(server.port, request_bytes, reads):
        end = time.monotonic() + amount(2, 30)
        while time.monotonic() < end:
            peak = max(peak, server.rss())
            assert ask(server.port, "GET", "/health/live").seconds < 2
    print(f"{before:.0f} -> {peak:.0f} MiB")
    assert peak - before < 20


@contextmanager
def flooding(port: int, request: bytes, reads: bool) -> Iterator[None]:
    """A client that sends this one request for as long as the block lasts, and reads 40 KB a second or nothing."""
    going = threading.Event()

    def send(line: socket.socket) -> None:
        line.settimeout(0.1)
        data, at = memoryview(request * 1000), 0
        while not going.is_set():
            try:
                at = (at + line.send(data[at:])) % len(data)
            except TimeoutError:
                pass
            except OSError:  # who reads nothing is let go
                return

    def read(line: socket.socket) -> None:
        while not going.wait(0.1):
            with suppress(OSError):
                line.recv(4096)

    with connect(port) as line:
        threads = [threading.Thread(target=work, args=[line]) for work in ((send, read) if reads else (send,))]
        with at_work(threads, going):
            yield


@pytest.mark.parametrize("request_bytes", [LIVE, PATCH, UPGRADE], ids=["GET", "PATCH", "upgrade"])
def test_all_requests_sent_at_once_are_answered(server: Server, postgres: Postgres, request_bytes: bytes) -> None:
    postgres.fill(1)
    number = amount(3_000, 30_000)
    with connect(server.port) as line:
        sending = threading.Thread(target=line.sendall, args=[request_bytes * number + LAST])
        sending.start()
        said = read_all(line)
        sending.join()
    assert re.findall(rb"HTTP/1\.1 (\d{3}) ", said) == [b"200"] * (number + 1)


def test_a_request_is_not_cut_off_because_another_came_with_it(launch: Launch) -> None:
    """Half of it came with the one before; the other half takes longer than an idle connection is kept."""
    server = launch(keep_alive=1, receive_timeout=3)
    with connect(server.port) as line:
        line.sendall(LIVE + LAST[:20])
        time.sleep(2)
        line.sendall(LAST[20:])
        assert read_all(line).count(b"HTTP/1.1 200 ") == 2
    with connect(server.port) as line:
        line.sendall(LIVE + LAST[:20])
        assert re.findall(rb"HTTP/1\.1 (\d{3}) ", read_all(line)) == [b"200", b"408"]


def test_bodies_under_way_are_bounded_in_sum(launch: Launch, postgres: Postgres) -> None:
    """A small body is always taken: who fills the memory keeps nobody from writing."""
    server, large = launch(max_bodies_bytes=8 * MIB), {"note": "x" * 900_000}
    with ExitStack() as lines:

        def there_is_no_room() -> bool:
            line = lines.enter_context(connect(server.port))
            line.sendall(POST % MIB + b"x" * (MIB - 1000))
            return ask(server.port, "PATCH", "/patients/h", large).status == 503

        wait_until(there_is_no_room, 10, "there is no room")
        refused = ask(server.port, "PATCH", "/patients/h", large)
        assert (refused.status, refused.headers["retry-after"], refused.problem()) == (503, "1", True)
        assert "bodies" in refused.json()["detail"]
        assert ask(server.port, "POST", "/patients", hostile.body('"note":1')).status == 201
        assert "- - 503" in server.said
    wait_until(lambda: ask(server.port, "PATCH", "/patients/h", large).status == 404, 5, "there is room again")


# What each of many clients sends and never ends -> how many of them.
MASSES = {
    "half-sent bodies": (POST % MIB + b"x" * (MIB - 100), 200),
    "half-sent heads": (LIVE[:-2] + b"X: " + b"x" * 30_000, 2_000),
    "requests behind requests": (LIVE * 6_000, 300),
}


@pytest.mark.parametrize("case", MASSES)
def test_many_clients_together_take_no_more_than_all_may(server: Server, case: str) -> None:
    """64 MiB of what they sent, and what a connection takes."""
    sent, number = MASSES[case]
    before, peak = server.rss(), 0.0
    with ExitStack() as lines:
        for _ in range(number):
            line = lines.enter_context(connect(server.port))
            line.setblocking(False)
            line.send(sent)
            peak = max(peak, server.rss())
        for _ in range(150):
            time.sleep(0.01)
            peak = max(peak, server.rss())
    print(f"{number} {case}: {before:.0f} -> {peak:.0f} MiB")
    assert peak - before < 100


def test_more_connections_than_may_be_wait_in_the_listen_queue(launch: Launch) -> None:
    server = launch(max_connections=10)
    wait_until(lambda: ask(server.port, "GET", "/health/live").status == 200, 5, "it answers")
    with ExitStack() as lines:
        inside = [lines.enter_context(connect(server.port)) for _ in range(10)]
        for line in inside:
            line.sendall(LIVE)
            assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
        waiting = [lines.enter_context(connect(server.port)) for _ in range(5)]
        for line in waiting:
            line.sendall(LAST)
        waiting[0].settimeout(1)
        with pytest.raises(TimeoutError):
            waiting[0].recv(1)
        inside[0].close()
        assert [read_all(line)[:12] for line in waiting] == [b"HTTP/1.1 200"] * 5
        inside[1].sendall(LAST)
        assert read_all(inside[1]).startswith(b"HTTP/1.1 200 ")
    assert server.stop() == 0
