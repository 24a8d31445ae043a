"""HTTP as it should not be sent: torn, doubled, endless, huge, slow. Read in one way or refused; never two ways."""

import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from app.limits import HEAD_BYTES
from tests.integration.faults import hostile
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import INSIDES, ask, connect, converse, read_all
from tests.servers import Server, wait_until

Launch = Callable[..., Server]

HOST = b"Host: a\r\n"
GET = b"GET /patients/f1 HTTP/1.1\r\n"
PATCH = b"PATCH /patients/f1 HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = PATCH + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = b'{"age": 7}'
END = b"\r\n"
SMUGGLED = b"DELETE /patients/f2 HTTP/1.1\r\nHost: a\r\n\r\n"  # what none of these may make the server do


def get(*fields: bytes) -> bytes:
    return GET + HOST + b"".join(field + END for field in fields) + END


def at(target: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + END + HOST + END


def sized(*fields: bytes, rest: bytes = SMUGGLED) -> bytes:
    return PATCH + b"".join(field + END for field in fields) + END + BODY + rest


def chunks(text: bytes) -> bytes:
    return CHUNKED + text + SMUGGLED


# What is sent -> the statuses of the answers, in order.
TORN: dict[str, tuple[bytes, list[int]]] = {
    "a lawful request": (get(), [200]),
    "empty lines first": (b"\r\n\r\n" + get(), [200]),
    "three in one": (get() + at(b"/patients/no") + get(), [200, 404, 200]),
    "no Host": (GET + END, [400]),
    "two Hosts": (get(HOST[:-2]), [400]),
    "two different Hosts": (get(b"Host: b"), [400]),
    "an empty Host": (GET + b"Host:\r\n\r\n", [400]),
    "a Host with markup": (GET + b'Host: a"><b\r\n\r\n', [400]),
    "HTTP/1.0 without Host": (b"GET /patients/f1 HTTP/1.0\r\n\r\n", [200]),
    "HTTP/0.9": (b"GET /patients/f1\r\n\r\n", [505]),
    "HTTP/1.2": (at(b"/patients/f1", b"HTTP/1.2"), [400]),
    "HTTP/2.0": (at(b"/patients/f1", b"HTTP/2.0"), [505]),
    "HTTP/2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "a word for a version": (at(b"/patients/f1", b"HTTP"), [400]),
    "TLS": (bytes.fromhex("16030100a5010000a10303") + b"x" * 160, [400]),
    "every byte": (bytes(range(256)), [400]),
    "bare line feeds": (get().replace(b"\r\n", b"\n"), [400]),
    "one bare line feed": (GET + b"Host: a\nX: y\r\n\r\n", [400]),
    "a bare return": (GET + b"Host: a\rX: y\r\n\r\n", [400]),
    "a return in a value": (get(b"X: a\rb"), [400]),
    "NUL in a value": (get(b"X: a\0b"), [400]),
    "DEL in a value": (get(b"X: a\x7fb"), [400]),
    "Latin-1 in a value": (get(b"X: \xe9"), [200]),
    "a folded line": (get(b"X: a", b" b"), [400]),
    "a line that begins blank": (GET + b" X: a\r\n" + HOST + END, [400]),
    "a blank before the colon": (get(b"X : y"), [400]),
    "a blank in a name": (get(b"X Y: y"), [400]),
    "no colon": (get(b"XXX"), [400]),
    "no name": (get(b": y"), [400]),
    "a bracket in a name": (get(b"X(: y"), [400]),
    "UTF-8 in a name": (get("é: y".encode()), [400]),
    "NUL in the address": (at(b"/patients/f\0"), [400]),
    "a control in the address": (at(b"/patients/f\x01"), [400]),
    "a blank in the address": (at(b"/patients/f 1"), [400]),
    "a tab in the address": (at(b"/patients/f\t1"), [400]),
    "UTF-8 in the address": (at("/patients/é".encode()), [400]),
    "no address": (at(b""), [400]),
    "a relative address": (at(b"patients"), [400]),
    "a fragment": (at(b"/patients/f1#x"), [200]),
    "an absolute address": (at(b"http://b/patients/f1"), [200]),
    "a star": (at(b"*"), [404]),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\n" + HOST + END, [400]),
    "CONNECT to a path": (b"CONNECT /patients HTTP/1.1\r\n" + HOST + END, [400]),
    "an unknown method": (b"FOO /patients HTTP/1.1\r\n" + HOST + END, [400]),
    "a method in small letters": (b"get /patients HTTP/1.1\r\n" + HOST + END, [400]),
    "a long method": (b"A" * 5_000 + b" /patients HTTP/1.1\r\n" + HOST + END, [400]),
    "a length": (sized(b"Content-Length: 10", rest=b""), [200]),
    "a length with zeros": (sized(b"Content-Length: 0010", rest=b""), [200]),
    "a length and a coding": (sized(b"Content-Length: 10", b"Transfer-Encoding: chunked"), [400]),
    "a coding and a length": (sized(b"Transfer-Encoding: chunked", b"Content-Length: 10"), [400]),
    "two lengths": (sized(b"Content-Length: 10", b"Content-Length: 10"), [400]),
    "two different lengths": (sized(b"Content-Length: 10", b"Content-Length: 0"), [400]),
    "a list of lengths": (sized(b"Content-Length: 10, 10"), [400]),
    "a negative length": (sized(b"Content-Length: -10"), [400]),
    "a length with plus": (sized(b"Content-Length: +10"), [400]),
    "a hexadecimal length": (sized(b"Content-Length: 0xA"), [400]),
    "a broken length": (sized(b"Content-Length: 10.0"), [400]),
    "two lengths in one": (sized(b"Content-Length: 10 10"), [400]),
    "an empty length": (sized(b"Content-Length:"), [400]),
    "a length in other digits": (sized("Content-Length: １０".encode()), [400]),
    "a length of 2^64": (sized(b"Content-Length: 18446744073709551616"), [400]),
    "a length with a blank name": (sized(b"Content-Length : 10"), [400]),
    "no length": (PATCH + END, [400]),
    "an unknown coding": (sized(b"Transfer-Encoding: xchunked"), [501]),
    "gzip, chunked": (sized(b"Transfer-Encoding: gzip, chunked"), [501]),
    "chunked, identity": (sized(b"Transfer-Encoding: chunked, identity"), [400]),
    "identity": (sized(b"Transfer-Encoding: identity"), [501]),
    "chunked twice": (sized(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), [400]),
    "chunked quoted": (sized(b'Transfer-Encoding: "chunked"'), [501]),
    "chunked after a vertical tab": (sized(b"Transfer-Encoding: \x0bchunked"), [400]),
    "chunked in HTTP/1.0": (CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"a\r\n" + BODY + b"\r\n0\r\n\r\n", [400]),
    "Chunked": (PATCH + b"Transfer-Encoding: Chunked\r\n\r\na\r\n" + BODY + b"\r\n0\r\n\r\n", [200]),
    "chunked and a blank": (CHUNKED.replace(b"chunked", b"chunked ") + b"a\r\n" + BODY + b"\r\n0\r\n\r\n", [200]),
    "chunked and a tab": (CHUNKED.replace(b"chunked", b"chunked\t") + b"a\r\n" + BODY + b"\r\n0\r\n\r\n", [501]),
    "chunks": (CHUNKED + b"5\r\n" + BODY[:5] + b"\r\n5\r\n" + BODY[5:] + b"\r\n0\r\n\r\n", [200]),
    "a chunk with an extension": (CHUNKED + b"a;x=y\r\n" + BODY + b"\r\n0\r\n\r\n", [200]),
    "a trailer that would refuse": (CHUNKED + b"a\r\n" + BODY + b'\r\n0\r\nIf-Match: "x"\r\n\r\n', [200]),
    "a chunk of no size": (chunks(b"\r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a chunk of size zz": (chunks(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a chunk of size -a": (chunks(b"-a\r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a chunk of size 0xa": (chunks(b"0xa\r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a chunk of more than 64 bits": (chunks(b"1000000000000000a\r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a chunk with bare line feeds": (chunks(b"a\n" + BODY + b"\n0\n\n"), [400]),
    "an extension with a bare line feed": (chunks(b"a;x\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a blank after the size": (chunks(b"a \r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "a chunk without an end": (chunks(b"a\r\n" + BODY + b"0\r\n\r\n"), [400]),
    "a chunk that is longer": (chunks(b"5\r\n" + BODY + b"\r\n0\r\n\r\n"), [400]),
    "nonsense after a request": (get() + b"\0\0\0\0", [200]),
    "more than the length": (sized(b"Content-Length: 10", rest=b"NONSENSE\r\n\r\n" + SMUGGLED), [200]),
    "more after a last request": (get(b"Connection: close") + SMUGGLED, [200]),
    "a body that GET does not have": (get(b"Content-Length: 10") + BODY, [200]),
    "WebSocket": (get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"), [200]),
    "HTTP/2 by upgrade": (get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAA"), [200]),
    "a body with an upgrade": (
        sized(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 10", rest=get()),
        [200, 200],
    ),
    "100-continue": (sized(b"Expect: 100-continue", b"Content-Length: 10", rest=b""), [100, 200]),
    "100-continue for too much": (sized(b"Expect: 100-continue", b"Content-Length: 99999999", rest=b""), [413]),
    "a header as long as may be": (get(b"X: " + b"y" * (HEAD_BYTES - 500)), [200]),
    "a header that is too long": (get(b"X: " + b"y" * HEAD_BYTES), [431]),
    "a header of 1 MB": (get(b"X: " + b"y" * 1_000_000), [431]),
    "100,000 headers": (get(*[b"X: y"] * 100_000), [431]),
    "100,000 empty headers": (get(*[b"X:"] * 100_000), [431]),
    "an address that is too long": (at(b"/patients?x=" + b"y" * HEAD_BYTES), [414]),
    "an address of 1 MB": (at(b"/patients/" + b"y" * 1_000_000), [414]),
    "100,000 parameters": (at(b"/patients?" + b"a=1&" * 100_000), [414]),
}


def test_torn_requests_are_read_in_one_way(
    server: Server, postgres: Postgres, table: psycopg.Connection[object]
) -> None:
    postgres.fill(2)
    seen = {case: judged(server, case, sent, table) for case, (sent, _) in TORN.items()}
    assert seen == {case: statuses for case, (_, statuses) in TORN.items()}


def judged(server: Server, case: str, sent: bytes, table: psycopg.Connection[object]) -> list[int]:
    """The statuses of the answers, which must be ours, and must not have done what was smuggled."""
    said = converse(server.port, sent)
    seen = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]
    assert not seen or seen[-1] < 400 or b"application/problem+json" in said, case
    assert not INSIDES.search(said.decode()), case
    assert table.execute("SELECT count(*) FROM patients").fetchone() == (2,), f"{case}: executed what was smuggled"
    return seen


STOPPED = {
    "nothing sent": b"",
    "empty lines": b"\r\n" * 5,
    "half a method": b"GE",
    "half an address": b"GET /pat",
    "half a header": GET + b"Host: a",
    "no empty line": GET + HOST,
    "no body": PATCH + b"Content-Length: 10\r\n\r\n",
    "half a body": PATCH + b"Content-Length: 10\r\n\r\n" + BODY[:5],
    "half a chunk": CHUNKED + b"a\r\n" + BODY[:5],
    "no last chunk": CHUNKED + b"a\r\n" + BODY + END,
    "a huge chunk": CHUNKED + b"ffffffff\r\n" + BODY,
    "the second of two": get() + GET,
}


def test_stopped_requests_are_let_go_and_change_nothing(
    launch: Launch, postgres: Postgres, table: psycopg.Connection[object]
) -> None:
    server = launch(receive_timeout=1.5)
    postgres.fill(1)
    before = table.execute("SELECT * FROM patients").fetchall()
    with ThreadPoolExecutor(len(STOPPED)) as clients:
        lines = {case: connect(server.port) for case in STOPPED}
        for case, line in lines.items():
            line.sendall(STOPPED[case])
        begin = time.monotonic()
        answers = dict(zip(lines, clients.map(read_all, lines.values()), strict=True))
        assert time.monotonic() - begin < 8
    for case, line in lines.items():
        line.close()
        begun = case not in ("nothing sent", "empty lines")
        expected = ["200", "408"] if case == "the second of two" else ["408"] if begun else []
        assert re.findall(r"HTTP/1\.1 (\d{3}) ", answers[case].decode()) == expected, case
    assert table.execute("SELECT * FROM patients").fetchall() == before


def test_slow_and_idle_clients_keep_nobody_from_being_served(launch: Launch, postgres: Postgres) -> None:
    """320 at once; a reader that stands still is let go as well as a writer."""
    server = launch(receive_timeout=4)
    postgres.fill(60_000)
    descriptors = server.descriptors()
    with ExitStack() as open_lines:
        lines = [open_lines.enter_context(connect(server.port)) for _ in range(320)]
        for line in lines[100:200]:
            line.sendall(GET + b"X: ")
        for line in lines[200:300]:
            line.sendall(PATCH + b"Content-Length: 1000\r\n\r\n{")
        for line in lines[300:]:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(get().replace(b"/patients/f1", b"/patients"))
        begin, slowest = time.monotonic(), 0.0
        while time.monotonic() - begin < 2:
            drip(lines[100:200], b"y")
            drip(lines[200:300], b" ")
            answers = [ask(server.port, "GET", "/patients/f1"), ask(server.port, "PATCH", "/patients/f2", {"age": 9})]
            assert [answer.status for answer in answers] == [200, 200]
            slowest = max(slowest, *(answer.seconds for answer in answers))
        print(f"beside 320 slow clients the slowest answer took {slowest:.2f} s")
        assert slowest < 2  # 1 on a machine that does nothing else
        wait_until(lambda: server.descriptors() <= descriptors + 8, 20, "all are let go")  # 8: the pool
    assert server.rss() < 250


def drip(lines: list[socket.socket], byte: bytes) -> None:
    for line in lines:
        line.sendall(byte)


HUGE = 50 * 2**20


def test_huge_bodies_are_refused_and_not_kept(server: Server, table: psycopg.Connection[object]) -> None:
    before, peak = server.rss(), 0.0
    with ThreadPoolExecutor(4) as clients:
        for send in (declared, chunked):
            sending = [clients.submit(send, server.port) for _ in range(4)]
            while not all(one.done() for one in sending):
                peak = max(peak, server.rss())
                time.sleep(0.01)
            assert {one.result() for one in sending} == {413}
    print(f"under 50 MB bodies, four at once: {before:.0f} -> {peak:.0f} MiB")
    assert peak - before < 30
    assert table.execute("SELECT count(*) FROM patients").fetchone() == (0,)


def declared(port: int) -> int:
    return _push(port, b"POST /patients HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % HUGE, b"x" * 2**16)  # fmt: skip


def chunked(port: int) -> int:
    return _push(port, b"POST /patients HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 2**16 + END)  # fmt: skip


def _push(port: int, head: bytes, piece: bytes) -> int:
    """Send like somebody who does not listen before the end; the status that can then still be read."""
    with connect(port) as line:
        try:
            line.sendall(head)
            for _ in range(HUGE // 2**16):
                line.sendall(piece)
        except ConnectionError:
            pass
        return int(line.recv(1 << 16)[9:12])


@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_of_a_body_is_exact(launch: Launch, over: int) -> None:
    server = launch(max_body_bytes=2_000)
    body = hostile.body('"note":1')
    body += b" " * (2_000 + over - len(body))
    answer = ask(server.port, "POST", "/patients", body)
    assert (answer.status, "2000 bytes" in answer.body.decode()) == ((413, True) if over else (201, False))
