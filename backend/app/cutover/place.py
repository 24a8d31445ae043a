"""The folder of a cutover: what is in it, and which process has it."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWNER = "running.json"


class StateTaken(Exception):
    """Another cutover has this folder; the text is one line."""


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.flags, self.journal, self.events = (
            folder / name for name in ("flags.json", "journal.jsonl", "events.jsonl")
        )

    @contextmanager
    def held(self) -> Iterator[None]:
        """One process has a folder. Raises `StateTaken` and `OSError`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / _OWNER).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateTaken(f"another cutover has {self.folder}; --state names another folder") from None
            yield

    def tell(self, admin: str) -> None:
        """Where the operator's port is of the process that has it."""
        (self.folder / _OWNER).write_text(json.dumps({"admin": admin}))

    def admin(self) -> str | None:
        """The address of the operator's port; None if no process has the folder."""
        try:
            with (self.folder / _OWNER).open() as file:
                return None if _is_free(file.fileno()) else str(json.load(file)["admin"])
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None


def _is_free(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
