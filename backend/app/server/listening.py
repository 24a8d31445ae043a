"""The sockets, bound before anything else is started: a port in use is one line, not a half-made start."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from errno import EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT
from ipaddress import ip_address

BACKLOG = 2048  # connections that wait to be accepted; the kernel cuts it to net.core.somaxconn
_EVERY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 a lookup: every address -> this machine's own
_LOCALHOST = {"127.0.0.1": "::1", "::1": "127.0.0.1"}  # clients try both, in either order
_ELSEWHERE = {"0.0.0.0": "192.0.2.1", "::": "2001:db8::1"}  # noqa: S104 nobody's (RFC 5737, RFC 3849)
_ATTEMPTS = 20  # for a free port that is free on both addresses


class ListenError(Exception):
    """HOST and PORT cannot be listened on; the text is one line that says why and what to set, `fault` only why."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(fault + remedy)
        self.fault = fault


@contextmanager
def listen(host: str, port: int) -> Iterator[Sequence[socket.socket]]:
    """Listening sockets; port 0 takes a free one. Raises `ListenError`.

    Where `localhost` means this server it does so by IPv4 and IPv6: a second socket, if the machine has both.
    """
    with ExitStack() as stack:
        listeners = _bound(host, port)
        for listener in listeners:
            stack.enter_context(listener)
        yield listeners


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds the socket."""
    host, port = listener.getsockname()[:2]
    return _url(_EVERY.get(host, host), port)


def network_url(listener: socket.socket) -> str:
    """Where others find the socket; empty if nobody does."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_loopback:
        return ""
    return _url(_own_address(listener.family, _ELSEWHERE[host]) if host in _ELSEWHERE else host, port)


def _bound(host: str, port: int, attempts: int = _ATTEMPTS) -> Sequence[socket.socket]:
    first = _bind(host, port)
    try:
        return [first, *_other_half(first)]
    except ListenError:
        first.close()
        if port or not attempts:
            raise
    return _bound(host, port, attempts - 1)


def _other_half(first: socket.socket) -> list[socket.socket]:
    """The same port of `localhost` in the other protocol, unless the machine lacks that. Raises `ListenError`."""
    host, port = first.getsockname()[:2]
    other = _LOCALHOST.get(_EVERY.get(host, host))
    try:
        return [_server(other, port)] if other else []
    except OSError as error:
        if error.errno in (EADDRNOTAVAIL, EAFNOSUPPORT):
            return []
        raise _refused(f"{other}, which `localhost` may lead to,", port, error) from None


def _bind(host: str, port: int) -> socket.socket:
    try:
        return _server(host, port)
    except OSError as error:  # gaierror is one
        raise _refused(host, port, error) from None


def _server(host: str, port: int) -> socket.socket:
    return socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
    )


def _refused(host: str, port: int, error: OSError) -> ListenError:
    if error.errno == EADDRINUSE:
        return ListenError(f"port {port} of {host} is in use", ": stop what serves there, or set PORT to another")
    return ListenError(f"cannot listen on {host} port {port}: {error.strerror}", "; set HOST and PORT")


def _own_address(family: socket.AddressFamily | int, elsewhere: str) -> str:
    """The machine's address on its way out; its name if there is none. Nothing is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        if probe.connect_ex((elsewhere, 9)):
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
