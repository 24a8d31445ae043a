"""A db.json of all that the server serves, to standard output."""

import os

from app.apart.order import Order, Task
from app.exporter import export
from app.importer.connection import DatabaseFailed
from app.importer.frame import alone
from app.resources import RESOURCES

_UNAVAILABLE = 3  # the exit code, as the script has it


class Exporting(Task):
    def __init__(self, order: Order) -> None:
        self._dsn = order["dsn"]
        self._file = open(1, "wb", closefd=False)  # noqa: SIM115 until the end. Python's own may have no buffer

    def run(self) -> int:
        try:
            export(self._dsn, self._file, RESOURCES, alone([resource.path for resource in RESOURCES]))
            self._file.flush()
        except DatabaseFailed:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is in the buffer must go somewhere
            return _UNAVAILABLE
        return 0

    def give_up(self) -> None:
        """Nobody is told."""
