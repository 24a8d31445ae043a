"""What has happened in a move, and why: kept in a file, a line each, as long as the move lasts."""

import json
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_RECENT = 200


class Event(NamedTuple):
    """`at` in seconds since 1970."""

    at: float
    text: str


class Events:
    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, text: str) -> Event:
        """What cannot be kept is told all the same."""
        event = Event(round(time.time(), 3), text)
        with suppress(OSError), self._path.open("a") as file:
            file.write(json.dumps(event._asdict(), ensure_ascii=False) + "\n")
        return event

    def recent(self) -> Sequence[Event]:
        """The latest ones, oldest first."""
        try:
            with self._path.open() as file:
                lines = deque(file, _RECENT)
        except FileNotFoundError:
            return []
        return [event for event in map(_event, lines) if event]


def _event(line: str) -> Event | None:
    """None of a line that was being written when the process died."""
    with suppress(ValueError, TypeError):
        return Event(**json.loads(line))
    return None
