"""Who writes, and for which request: what the journal keeps of a change beside the change."""

import json
from collections.abc import Mapping
from typing import NamedTuple


class Signature(NamedTuple):
    """Of one write. `who`: a name that is never given to another, `key:anna`; `request`: its id in the log."""

    who: str
    request: str | None


def signed(signatures: Mapping[str, Signature]) -> str:
    """What a statement carries to the triggers, by the id of each record, as JSON (`journal.SIGNED`).

    Of one write it is the signature of all that goes with it, too.
    """
    whole = [("", signature) for signature in signatures.values()] if len(signatures) == 1 else []
    return json.dumps(dict([*signatures.items(), *whole]))
