"""The flags file: what the operator wants. Whoever replaces it changes the stage, while nothing runs the next one's."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.cutover.stages import StageName

_Percent = Annotated[int, Field(ge=0, le=100)]


class Flags(BaseModel):
    """Of `flags.json`; a member that is not in the file has its default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: StageName = "old"
    share: _Percent = 0
    """Per cent of the clients whose reads the new side answers in `ramp`."""
    share_by: Literal["client", "request"] = "client"
    """Whether one client keeps its side."""
    compare: _Percent = 100
    """Per cent of the reads that the other side is asked too."""
    threshold: Annotated[float, Field(ge=0, le=100)] = 5.0
    """It falls back when more than so many per cent ..."""
    least: Annotated[int, Field(ge=1)] = 20
    """... of at least so many requests ..."""
    window: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """... within so many seconds failed or differed on the new side,"""
    row: Annotated[int, Field(ge=1)] = 5
    """or when so many have failed in a row."""
    enough: Annotated[int, Field(ge=0)] = 1000
    """Comparisons of a stage that must have been equal before the next one."""


class FlagFile:
    """What the file says. Of one that cannot be used `fault` says why, and what was last good stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fault = ""
        self.good = Flags()
        self._seen: tuple[int, ...] = ()

    def changed(self) -> bool:
        """Whether another file stands there than was last looked at; then `good` and `fault` are of that one."""
        if (seen := self._look()) == self._seen:
            return False
        self._seen, self.fault = seen, ""
        try:
            self.good = Flags.model_validate_json(self.path.read_bytes())
        except ValidationError as error:
            self.fault = f"{self.path.name}: {_sentence(error)}"
        except OSError as error:
            self.fault = f"{self.path.name}: {error.strerror}"
        return True

    def forget(self) -> None:
        """What stands there counts as new when it is next looked at."""
        self._seen = ()

    def write(self, flags: Flags) -> None:
        """Replace it in one step, on the disk when this returns. Raises `OSError`."""
        beside = self.path.with_suffix(".new")
        with beside.open("w") as file:
            file.write(flags.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
        self.good, self.fault, self._seen = flags, "", self._look()

    def _look(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino


def _sentence(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}"
