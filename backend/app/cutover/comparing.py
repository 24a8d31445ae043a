"""Whether two answers say the same. Pure."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from app.cutover.exchanges import Answer, Request
from app.cutover.records import parsed
from app.resource.resource import Resource


class Verdict(NamedTuple):
    """`row`: what explains the difference; `place`: where in the answer it is, without a value."""

    kind: Literal["equal", "explained", "different"]
    row: str = ""
    place: str = ""


def compare(request: Request, old: Answer, new: Answer, resources: Sequence[Resource]) -> Verdict:  # noqa: ARG001
    equal = old.status == new.status and (old.status >= 400 or parsed(old.body) == parsed(new.body))
    return Verdict("equal" if equal else "different")
