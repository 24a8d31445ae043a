"""The socket, bound before anything else is started: a port in use is one line, not a half-made start."""

import socket
from errno import EADDRINUSE

_BACKLOG = 2048  # connections that wait to be accepted; the kernel cuts it to net.core.somaxconn


class ListenError(Exception):
    """HOST and PORT cannot be listened on; the text is one line that says why and what to set."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `ListenError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:  # gaierror is one
        if error.errno == EADDRINUSE:
            raise ListenError(
                f"port {port} of {host} is in use: stop what serves there, or set PORT to another"
            ) from None
        raise ListenError(f"cannot listen on {host} port {port}: {error.strerror}; set HOST and PORT") from None


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds the socket."""
    host, port = listener.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 a lookup
    return f"http://{name}:{port}"
