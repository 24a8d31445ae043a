"""Requests as they seldom come: in parts, several at once, in chunks, after a question; each through the cutover."""

import json
import re
from typing import Any

import pytest

from app.limits import RELAYED_BYTES
from tests.cutover.trio import LEAFLET, SECONDS, Trio, asked
from tests.integration.faults.wire import connect, converse, read_all
from tests.patients import patient
from tests.servers import wait_until


def sent(method: str, path: str, body: Any = None, *fields: str) -> bytes:
    """A request as it stands on the wire."""
    data = b"" if body is None else json.dumps(body).encode()
    sized = ["Content-Type: application/json", f"Content-Length: {len(data)}"] if data else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a", *sized, *fields, "", ""]).encode() + data


def chunked(path: str, body: bytes, *fields: str, method: str = "PATCH") -> tuple[bytes, bytes]:
    """A request's head, and its body in chunks of unequal size, the last one with a trailer."""
    head = sent(method, path, None, "Content-Type: application/json", "Transfer-Encoding: chunked", *fields)
    parts = [body[:1], body[1:9], body[9:]]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part)
    return head, chunks + b"0\r\nX-Sum: 7\r\n\r\n"


def statuses(said: bytes) -> list[int]:
    """Of the answers. Who has ended its side is asked by interim ones whether it is still there."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", said) if status != b"100"]


@pytest.mark.parametrize(
    ("part", "status", "content"),
    [
        ("bytes=5-9", 206, LEAFLET[5:10]),
        ("bytes=-7", 206, LEAFLET[-7:]),
        ("bytes=100-", 206, LEAFLET[100:]),
        ("lines=1-2", 200, LEAFLET),
    ],
)
def test_a_part_of_a_file(in_copy: Trio, part: str, status: int, content: bytes) -> None:
    through = in_copy.ask("GET", "/leaflet.txt", range=part)
    direct = asked(in_copy.old.port, "GET", "/leaflet.txt", range=part)
    assert (through.status, through.content) == (direct.status, direct.content) == (status, content)
    assert through.headers.get("content-range") == direct.headers.get("content-range")


def test_a_part_that_is_not_there(in_copy: Trio) -> None:
    through = in_copy.ask("GET", "/leaflet.txt", range="bytes=9999-")
    assert (through.status, through.headers["content-range"]) == (416, f"bytes */{len(LEAFLET)}")


def test_a_part_of_a_list_is_the_list_on_both_sides(in_copy: Trio) -> None:
    """Neither side divides JSON; and what is compared was asked for without the part."""
    before = in_copy.cutover.facts["comparisons"].get("equal", 0)
    through = in_copy.ask("GET", "/patients?_sort=id", range="bytes=0-9", if_range='"x"')
    assert (through.status, len(through.json) >= 6) == (200, True)
    wait_until(lambda: in_copy.cutover.facts["comparisons"].get("equal", 0) > before, SECONDS, "it is compared")


def test_what_is_sent_at_once_is_done_and_answered_in_its_order(in_copy: Trio) -> None:
    said = converse(
        in_copy.cutover.port,
        b"".join(
            [
                sent("POST", "/patients", patient(950, id="piped")),
                sent("PATCH", "/patients/piped", {"age": 51}),
                sent("GET", "/patients/piped"),
                sent("PATCH", "/patients/piped", {"age": 52}),
                sent("HEAD", "/patients/piped"),
                sent("GET", "/patients/piped"),
                sent("DELETE", "/patients/piped"),
                sent("GET", "/patients/piped", None, "Connection: close"),
            ]
        ),
    )
    assert statuses(said) == [201, 200, 200, 200, 200, 200, 200, 404]
    ages = [int(age) for age in re.findall(rb'"age": ?(\d+)', said)]
    assert ages[1:] == [51, 51, 52, 52]
    in_copy.demand_equal()


def test_a_body_in_chunks(in_copy: Trio) -> None:
    head, body = chunked("/patients/n3", b'{"age": 61}', "Connection: close")
    assert statuses(converse(in_copy.cutover.port, head, body)) == [200]
    assert next(one["age"] for one in in_copy.demand_equal() if one["id"] == "n3") == 61


@pytest.mark.parametrize("in_chunks", [False, True])
def test_who_asks_first_whether_to_send_the_body(in_copy: Trio, in_chunks: bool) -> None:
    asking = ("Expect: 100-continue", "Connection: close")
    whole = sent("PATCH", "/patients/n4", {"age": 62 + in_chunks}, *asking)
    head, end, body = whole.partition(b"\r\n\r\n")
    if in_chunks:
        head, body = chunked("/patients/n4", b'{"age": 63}', *asking)
        end = b""
    with connect(in_copy.cutover.port) as line:
        line.sendall(head + end)
        assert line.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(body)
        assert statuses(read_all(line)) == [200]
    assert next(one["age"] for one in in_copy.demand_equal() if one["id"] == "n4") == 62 + in_chunks


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_large_body_goes_on_as_it_comes(in_copy: Trio, in_chunks: bool) -> None:
    text = "x" * (RELAYED_BYTES + 1_000_000)
    body = json.dumps({"id": f"large-{in_chunks}", "text": text}).encode()
    head, chunks = chunked("/files", body, "Connection: close", method="POST")
    if in_chunks:
        assert statuses(converse(in_copy.cutover.port, head, chunks)) == [201]
    else:
        assert in_copy.ask("POST", "/files", body).status == 201
    there = in_copy.ask("GET", f"/files/large-{in_chunks}")
    assert (there.headers["x-answered-by"], there.json["text"]) == ("old", text)
