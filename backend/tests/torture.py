"""How much of what is run by chance, again and again or for long: `make test` has the short form of it, `make torture`
(TORTURE=1) the long one.
"""

import os

LONG = os.environ.get("TORTURE") == "1"


def amount(short: int, long: int) -> int:
    """The one for this run."""
    return long if LONG else short
