"""A db.json of all that the server serves, to standard output."""

import os
from collections.abc import Sequence

from app.apart.order import Order, Task
from app.exporter import export
from app.importer.connection import DatabaseFailed
from app.importer.frame import alone
from app.resource.resource import Resource

_UNAVAILABLE = 3  # the exit code, as the script has it


class Exporting(Task):
    def __init__(self, order: Order, resources: Sequence[Resource]) -> None:
        self._dsn, self._resources = order["dsn"], resources
        self._file = open(1, "wb", closefd=False)  # noqa: SIM115 until the end. Python's own may have no buffer

    def run(self) -> int:
        try:
            export(self._dsn, self._file, self._resources, alone([one.path for one in self._resources]))
            self._file.flush()
        except DatabaseFailed:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is in the buffer must go somewhere
            return _UNAVAILABLE
        return 0

    def give_up(self) -> None:
        """Nobody is told."""
