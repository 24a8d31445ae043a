"""What a process is told to do, and what it does."""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

Order = Mapping[str, Any]
"""`task`: `import` or `export`; `dsn`; and what else that takes."""


class Task(ABC):
    """`run` in the main thread, which an interruption ends; the rest in another."""

    @abstractmethod
    def run(self) -> int:
        """The exit code."""

    def goes_on(self) -> bool:
        """Each second: whether it is still wanted."""
        return True

    @abstractmethod
    def give_up(self) -> None:
        """Whoever wanted it is gone."""


def read(descriptor: int) -> Order:
    """The first line. Behind it nothing comes but the end."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(descriptor, 1 << 16) or b"\n"
    order: Order = json.loads(line)
    return order
