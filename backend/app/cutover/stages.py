"""The five stages of a move: who answers reads, who is written first, who is brought level with that. Pure."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

SideName = Literal["old", "new"]
StageName = Literal["old", "copy", "ramp", "new", "done"]


class Stage(NamedTuple):
    """`reads` is None where each client has its side, by `share`. `follows` is None where one side alone is written."""

    name: StageName
    reads: SideName | None
    leads: SideName
    follows: SideName | None


STAGES: Mapping[StageName, Stage] = {
    stage.name: stage
    for stage in (
        Stage("old", "old", "old", None),
        Stage("copy", "old", "old", "new"),
        Stage("ramp", None, "old", "new"),
        Stage("new", "new", "new", "old"),
        Stage("done", "new", "new", None),
    )
}
_ORDER = tuple(STAGES)


def other(side: SideName) -> SideName:
    return "new" if side == "old" else "old"


def is_forward(here: StageName, there: StageName) -> bool:
    return _ORDER.index(there) > _ORDER.index(here)
