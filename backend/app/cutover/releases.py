"""How a json-server's release matters to a move."""

from collections.abc import Mapping
from typing import NamedTuple

from app.cutover.comparable import Version


class Release(NamedTuple):
    version: Version
    keeps_ids: bool = True
    """Whether a record is created with the id that it brings."""
    safe_head: bool = True
    """Whether HEAD only reads: that of beta.3 deletes the record."""


RELEASES: Mapping[str, Release] = {
    "0.17.4": Release("0.17.4"),
    "1.0.0-beta.3": Release("1.0.0-beta.3", safe_head=False),
    "1.0.0-beta.15": Release("1.0.0-beta.15", keeps_ids=False),
}
