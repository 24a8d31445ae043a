"""Both sides read whole. To be replaced."""

from collections.abc import Sequence
from typing import NamedTuple

from app.cutover.exchanges import Request
from app.cutover.records import alike_records, by_identity, parsed
from app.cutover.sides import Side
from app.resource.resource import Resource


class Verification(NamedTuple):
    text: str

    @property
    def equal(self) -> bool:
        return not self.text


async def verify(old: Side, new: Side, resources: Sequence[Resource]) -> Verification:
    for one in resources:
        request = Request("GET", one.address, "", {"accept": "application/json"})
        a, b = [by_identity(parsed((await side.ask(request)).body)) for side in (old, new)]
        differ = [name for name in {**a, **b} if name not in a or name not in b or not alike_records(a[name], b[name])]
        if differ or list(a) != list(b):
            return Verification(f"{one.path}: {len(differ)} records, or their order")
    return Verification("")
