"""Which records may differ on the two sides: a file of lines, written before the first side is asked.

    ["+", resource, id]            it is about to be written, and unfinished until something else is said
    ["!", resource, id, why]       the leading side has it, the client was told so, and the other side is owed it
    ["x", resource, id, reasons]   the other side will not take it: by field, why
    ["-", resource, id]            both sides are equal
    ["=", stage, level]            the stage that is in effect; level: all that is not open is equal on both sides

In place of an id a number stands for a creation whose id nobody knows: then any record may be new. Lines are written,
not synced: they survive the end of this process, and after a power cut json-server has lost more (it syncs nothing).
"""

import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from app.cutover.stages import STAGES, StageName

Key = tuple[str, str | int]
"""A resource's path, and an id or the number of an unknown one."""
_RECENT = 50  # records that are doubted where json-server has died; it is some ten writes behind
_LARGE = 1 << 20  # bytes from which on a journal in which nothing is open is written anew


class JournalError(Exception):
    """The journal cannot be used; the text is one line that says what to do."""


class Mark(NamedTuple):
    """What `begin` returned: it closes what it opened, unless somebody has begun again since."""

    key: Key
    version: int
    opened: bool
    """Whether nothing was open of this record before."""


@dataclass
class Entry:
    version: int
    owed: str = ""
    """Why the other side does not have it, of what a client was told is done; empty: unfinished."""


@dataclass
class _State:
    stage: StageName = "old"
    level: bool = False
    open: dict[Key, Entry] = field(default_factory=dict)
    refused: dict[Key, Mapping[str, str]] = field(default_factory=dict)


class Journal:
    """Each change is in the file when its method returns; `OSError` if that cannot be, and then it is not made."""

    def __init__(self, path: Path) -> None:
        """Reads what is there. Raises `JournalError`."""
        self._path, self._versions = path, 0
        self._settled: deque[Key] = deque(maxlen=_RECENT)
        self._state = _read(path)
        self._rewrite()

    @property
    def stage(self) -> StageName:
        """The stage in effect."""
        return self._state.stage

    @property
    def level(self) -> bool:
        return self._state.level

    @property
    def open(self) -> Mapping[Key, Entry]:
        return self._state.open

    @property
    def owed(self) -> Sequence[Key]:
        return [key for key, entry in self.open.items() if entry.owed]

    @property
    def refused(self) -> Mapping[Key, Mapping[str, str]]:
        """By field, why the side that follows will not take it; the field is empty where none is at fault."""
        return self._state.refused

    def begin(self, resource: str, identity: str | None) -> Mark:
        """Before the first side is asked. None: the id is not known yet."""
        self._versions += 1
        key = (resource, self._versions if identity is None else identity)
        if entry := self.open.get(key):
            entry.version = self._versions
            return Mark(key, self._versions, opened=False)
        self._append(["+", *key])
        self._state.open[key] = Entry(self._versions)
        return Mark(key, self._versions, opened=True)

    def owe(self, mark: Mark, why: str) -> None:
        """The client will be told that it is done. In memory it is owed even if the file does not take it."""
        entry = self._state.open.setdefault(mark.key, Entry(mark.version))
        entry.owed = entry.owed or why
        self._append(["!", *mark.key, why])

    def settle(self, mark: Mark) -> None:
        """Both sides are equal, as they were when `mark` was made."""
        if mark.key in self.open and self.open[mark.key].version == mark.version:
            self._append(["-", *mark.key])
            del self._state.open[mark.key]
            self._state.refused.pop(mark.key, None)
            self._settled.append(mark.key)
            self._compact()

    def doubt(self) -> None:
        """What was settled last is open again: json-server acknowledges before its file is written, and died."""
        while self._settled:
            resource, identity = self._settled.pop()
            if isinstance(identity, str):
                self.begin(resource, identity)

    def refuse(self, mark: Mark, reasons: Mapping[str, str]) -> None:
        """The other side will not have it; what comes behind it need not wait."""
        self._append(["x", *mark.key, reasons])
        self._state.refused[mark.key] = reasons
        if mark.key in self.open and self.open[mark.key].version == mark.version:
            del self._state.open[mark.key]

    def forgive(self, key: Key) -> None:
        """A refused one is given up."""
        self._append(["-", *key])
        self._state.refused.pop(key, None)

    def enter(self, stage: StageName, *, level: bool) -> None:
        """This stage is in effect from now on. Not level: one side alone is written, and nothing is owed."""
        self._append(["=", stage, level])
        self._state.stage, self._state.level = stage, level
        self._settled.clear()
        if not level:
            self._state.open.clear()
            self._state.refused.clear()

    def mark(self, key: Key) -> Mark:
        """Of an open one, as it is."""
        return Mark(key, self.open[key].version, opened=False)

    def close(self) -> None:
        os.close(self._file)

    def _append(self, line: Sequence[Any]) -> None:
        data = json.dumps(line).encode() + b"\n"
        if (written := os.write(self._file, data)) != len(data):
            os.ftruncate(self._file, self._size)
            raise OSError(f"only {written} bytes of a line were written")
        self._size += len(data)

    def _compact(self) -> None:
        if self._size > _LARGE and not self.open:
            os.close(self._file)
            self._rewrite()

    def _rewrite(self) -> None:
        """A file of what counts, in place of the old one in one step."""
        beside = self._path.with_suffix(".new")
        beside.write_text("".join(f"{json.dumps(line)}\n" for line in _lines(self._state)))
        beside.replace(self._path)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._size = os.fstat(self._file).st_size
        numbers = (number for _, number in self.open if isinstance(number, int))
        self._versions = max(self._versions, *numbers, *(entry.version for entry in self.open.values()), 0)


def stage_of(path: Path) -> StageName | None:
    """The stage in effect, for who only looks; None where there is no journal. Raises `JournalError`."""
    return _read(path).stage if path.exists() else None


def _lines(state: _State) -> Iterator[Sequence[Any]]:
    yield "=", state.stage, state.level
    for key, entry in state.open.items():
        yield "+", *key
        if entry.owed:
            yield "!", *key, entry.owed
    for key, reasons in state.refused.items():
        yield "x", *key, reasons


def _read(path: Path) -> _State:
    """A last line without its end was being written when the process died: nothing had come of it."""
    state = _State()
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return state
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        try:
            _take(state, json.loads(line), number)
        except (ValueError, TypeError, KeyError, IndexError):
            raise JournalError(
                f"{path}: line {number} is not of a journal; move the file away to begin anew with stage old"
            ) from None
    return state


def _take(state: _State, line: Sequence[Any], number: int) -> None:
    kind, resource, identity, *more = line
    if kind == "=":
        state.stage, state.level = STAGES[resource].name, bool(identity)
        if not state.level:
            state.open.clear()
            state.refused.clear()
        return
    key = (resource, identity)
    if kind == "+":
        state.open.setdefault(key, Entry(number))
    elif kind == "!":
        state.open.setdefault(key, Entry(number)).owed = more[0]
    elif kind == "x":
        state.open.pop(key, None)
        state.refused[key] = more[0]
    else:
        state.open.pop(key, None)
        state.refused.pop(key, None)
