"""A db.json of all that the server serves, to standard output."""

import sys

from app.apart.order import Order, Task
from app.exporter import export
from app.importer.connection import DatabaseFailed
from app.importer.frame import alone
from app.resources import RESOURCES

_UNAVAILABLE = 3  # the exit code, as the script has it


class Exporting(Task):
    def __init__(self, order: Order) -> None:
        self._dsn = order["dsn"]

    def run(self) -> int:
        try:
            export(self._dsn, sys.stdout.buffer, RESOURCES, alone([resource.path for resource in RESOURCES]))
            sys.stdout.flush()
        except DatabaseFailed:
            return _UNAVAILABLE
        return 0

    def give_up(self) -> None:
        """Nobody is told."""
