"""What must hold before a person may go on to the next stage. Pure: who asks has counted.

Too little decides nothing, so too few comparisons keep the stage as a fault does.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.cutover.stages import StageName, is_forward


class Facts(NamedTuple):
    """Of the stage that is in effect."""

    owed: int
    unfinished: int
    refused: int
    equal: int
    """Comparisons that found no difference, or one that the published table explains."""
    different: int
    enough: int
    verification: str
    """What is unequal now that both sides were read whole; empty: nothing."""


def unmet(here: StageName, there: StageName, facts: Facts) -> Sequence[str]:
    """A sentence for each condition that is not met. Going back, and to `copy`, which brings both level, has none."""
    if there == "copy" or not is_forward(here, there):
        return []
    said = {
        f"{facts.owed} records are owed to the side that follows": facts.owed,
        f"{facts.unfinished} records are unfinished": facts.unfinished,
        f"{facts.refused} records were refused by the side that follows": facts.refused,
        f"{facts.different} comparisons of this stage differ unexplained": facts.different,
        f"{facts.equal} comparisons were made in this stage, {facts.enough} are enough": facts.equal < facts.enough,
        f"the two sides differ: {facts.verification}": facts.verification,
    }
    return [sentence for sentence, holds in said.items() if holds]
