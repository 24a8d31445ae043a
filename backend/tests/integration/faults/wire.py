"""HTTP as a client speaks it: whole requests over kept connections, and bytes as they come over a plain socket."""

import asyncio
import http.client
import json
import re
import socket
import time
from typing import Any, NamedTuple

TIMEOUT = 15.0
# In every name and condition the suite stores or sends, and so never in a log, an error or a metric.
PLANTED = re.compile("Secretia|Morbus", re.IGNORECASE)
# What an error must not have inside.
INSIDES = re.compile(r"Traceback|\.py\b|psycopg|sqlalchemy|SELECT |INSERT |UPDATE |DELETE FROM|constraint|DETAIL:")


_MEMBERS = {"message", "type", "title", "status", "detail", "errors"}


class Answer(NamedTuple):
    """Status 0: no answer, for the reason in `body`. `headers` by lower-case name; `seconds` until the last byte."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self) -> bool:
        """Whether this is an error as every error must be: RFC 9457, naming what is wrong, with nothing inside."""
        if self.headers.get("content-type") != "application/problem+json":
            return False
        body, text = self.json(), self.body.decode()
        return (
            list(body)[:5] == ["message", "type", "title", "status", "detail"]
            and body.get("errors") != {}
            and set(body) <= _MEMBERS
            and body["status"] == self.status
            and bool(body["detail"])
            and not PLANTED.search(text)
            and not INSIDES.search(text)
        )


class Client:
    """One kept connection, opened again when it breaks."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """`body`: bytes as they are, anything else as JSON."""
        begin = time.monotonic()
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        fields = ({"Content-Type": "application/json"} if sent is not None else {}) | (headers or {})
        try:
            self._connection.request(method, path, sent, fields)
            with self._connection.getresponse() as response:
                content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(0, {}, type(error).__name__.encode(), time.monotonic() - begin)
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, content, time.monotonic() - begin)

    def close(self) -> None:
        self._connection.close()


def ask(port: int, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    client = Client(port)
    try:
        return client.ask(method, path, body, headers)
    finally:
        client.close()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


def converse(port: int, *parts: bytes) -> bytes:
    """Send the parts one after another and read until the server closes; what it said, whole."""
    with connect(port) as line:
        for part in parts:
            line.sendall(part)
        line.shutdown(socket.SHUT_WR)
        return read_all(line)


def read_all(line: socket.socket) -> bytes:
    said = b""
    while data := line.recv(1 << 16):
        said += data
    return said


def burst(port: int, bodies: list[bytes]) -> tuple[list[int], float]:
    """POST every body at once, each on a connection of its own: the statuses (0: none) and when the last one came."""
    return asyncio.run(_burst(port, bodies))


async def _burst(port: int, bodies: list[bytes]) -> tuple[list[int], float]:
    begin = time.monotonic()
    statuses = await asyncio.gather(*(_post(port, body) for body in bodies))
    return list(statuses), time.monotonic() - begin


async def _post(port: int, body: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = b"POST /patients HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
    writer.write(b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body))
    async with asyncio.timeout(TIMEOUT):
        said = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(said[9:12] or 0)
