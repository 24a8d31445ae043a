"""A way to a server on which something goes wrong: it is slow, answers 500 or nonsense, breaks off, or lies."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Literal

from tests.servers import PATIENCE

Fault = Literal["", "slow", "500", "nonsense", "html", "cut", "lie"]


class Faulty(ThreadingHTTPServer):
    """Passes requests on. `fault` is what happens to them from now on; of `every` requests, to one."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = port
        self.fault: Fault = ""
        self.every = 1
        self.count = 0
        self.asleep = 0
        """Requests that are slow on their way, and will come."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def now(self) -> Fault:
        self.count += 1
        return self.fault if self.count % self.every == 0 else ""


@contextmanager
def faulty(port: int) -> Iterator[Faulty]:
    server = Faulty(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Faulty
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        fault = self.server.now()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if fault == "slow":
            self.server.asleep += 1
            sleep(2)
        if fault == "nonsense":
            self.wfile.write(b"\x00\x01 nonsense\r\n\r\n")
            self.close_connection = True
            return
        if fault in ("500", "html"):
            self._send(500 if fault == "500" else 200, {"Content-Type": "text/html"}, b"<p>no")
            return
        connection = HTTPConnection("127.0.0.1", self.server.behind, timeout=PATIENCE)
        connection.request(self.command, self.path, body or None, dict(self.headers))
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        self.server.asleep -= fault == "slow"
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in ("transfer-encoding", "content-length")}
        lies = fault == "lie" and self.command == "GET"
        said = said.replace(b"Asthma", b"Astma!") if lies else said
        self._send(answer.status, kept, said, missing=1 if fault == "cut" else 0)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET

    def _send(self, status: int, headers: dict[str, str], body: bytes, missing: int = 0) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.close_connection = self.close_connection or bool(missing)
        with suppress(BrokenPipeError):  # whoever asked has not waited
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
