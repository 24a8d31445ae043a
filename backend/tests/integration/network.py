"""What this machine's network can do, for tests that need it."""

import socket
from contextlib import closing

import pytest


def _answers(family: socket.AddressFamily, address: str) -> bool:
    try:
        socket.create_server((address, 0), family=family).close()
    except OSError:
        return False
    return True


def _has_route() -> bool:
    """Whether there is a way out of the machine. Nothing is sent."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        return probe.connect_ex(("192.0.2.1", 9)) == 0


needs_ipv6 = pytest.mark.skipif(not _answers(socket.AF_INET6, "::1"), reason="this machine has no IPv6")
needs_network = pytest.mark.skipif(not _has_route(), reason="this machine is in no network")
