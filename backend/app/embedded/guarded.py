"""PostgreSQL under its guard, as the server sees it."""

import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from app.embedded import guard
from app.embedded.binaries import Account, child


class Guarded(subprocess.Popen[bytes]):
    """The process of the guard (see `guard`); PostgreSQL is its child, and is stopped when our end of `stdin` closes.

    Only the processes of that PostgreSQL have the other end of `stdout`, and the guard, as long as they live.
    """

    stdin: IO[bytes]
    stdout: IO[bytes]

    def __init__(self, command: Sequence[str | Path], account: Account | None, log: IO[Any]) -> None:
        numbers = [str(number) for number in account or ("", "")]
        program = [sys.executable, "-I", "-S", guard.__file__, *numbers, *command]
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
        super().__init__(program, **{**child(None), **streams})

    def ended(self) -> bool:
        """Whether the last process of PostgreSQL has ended, even if the guard was killed before; waits 10 ms for it."""
        return bool(select.select([self.stdout], [], [], 0.01)[0])
