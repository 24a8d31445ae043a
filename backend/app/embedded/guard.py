"""PostgreSQL's parent: stops it when the server is no more, however that ended and whatever the system.

Run by its path with `python -I -S`, so that it knows nothing of ours and is there in 20 ms. Standard input is a pipe
whose other end only the server has: the system closes it with the server. Standard output it leaves to PostgreSQL.
"""

import os
import signal
import subprocess
import sys
import threading
from typing import Any


def main(user: str, group: str, *command: str) -> None:
    """Run PostgreSQL as that user and group, both by number; empty: as we are. Return when it has ended."""
    account: dict[str, Any] = {"user": int(user), "group": int(group), "extra_groups": ()} if user else {}
    postgres = subprocess.Popen(command, stdin=subprocess.DEVNULL, **account)
    threading.Thread(target=_stop_with_the_server, args=[postgres], daemon=True).start()
    postgres.wait()


def _stop_with_the_server(postgres: "subprocess.Popen[bytes]") -> None:
    os.read(sys.stdin.fileno(), 1)
    postgres.send_signal(signal.SIGINT)  # "fast shutdown" (PostgreSQL 18.5): no new work, whole files, then it ends


if __name__ == "__main__":
    main(*sys.argv[1:])
