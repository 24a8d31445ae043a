"""What a server that is compared has answered."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from app.cutover import comparable as judged
from app.cutover.comparable import Comparable, Version

__all__ = ["Answer", "Comparable", "Version", "comparable"]


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def comparable(version: Version, answer: Answer) -> Comparable:
    return judged.comparable(version, answer.status, answer.headers, answer.content)
