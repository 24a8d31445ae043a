"""Rows about addresses, and what answers at them. Pure."""

import re

from app.cutover.differences.exchange import ALL, BETAS, V0, Exchange
from app.cutover.differences.reductions import Difference, answered, statuses

_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


def _is_beyond(exchange: Exchange) -> bool:
    """No address of a list or of a record that is declared, as it is written."""
    names = [one.path for one in exchange.shapes]
    return (
        exchange.path[0] not in names
        or (len(exchange.path) > 2 and exchange.path[2] not in names)
        or _of_itself(exchange)
    )


def _of_itself(exchange: Exchange) -> bool:
    return len(exchange.path) > 2 and exchange.path[0] == exchange.path[2]


def _is_undecodable(exchange: Exchange) -> bool:
    """A `%` in the address without two hexadecimal digits, or of bytes that are no UTF-8."""
    return bool(_BROKEN.search(exchange.target.partition("?")[0])) or "\ufffd" in "/".join(exchange.path)


ADDRESSES: tuple[Difference, ...] = (
    Difference(
        "head",
        BETAS,
        "deletes the record on HEAD (beta.3) or answers 400 (beta.15)",
        "answers as to GET, without the body",
        "HEAD is safe (RFC 9110, 9.3.2).",
        answered(lambda exchange: exchange.method == "HEAD" and exchange.ours.status < 300),
    ),
    Difference(
        "addresses",
        ALL,
        "has more of them: `/patients/1/patients` and `/PATIENTS` (0.17.4), `/__proto__` (betas)",
        "answers 404",
        "They read the database, or write into it, by accident.",
        answered(lambda x: x.ours.status == 404 and x.theirs.status < 300 and _is_beyond(x)),
    ),
    Difference(
        "whole-database",
        BETAS,
        "answers 404 to `/db`",
        "answers with the whole database, as 0.17.4; in development only",
        "It is there to look at what one has, and hands out every patient.",
        statuses(404, 200, lambda exchange: exchange.path == ("db",)),
    ),
    Difference(
        "doubled-slashes",
        (V0,),
        "answers 404 to `//patients`",
        "answers as to `/patients`, as the betas",
        "A base address that ends in a slash is a common slip.",
        statuses(404, 200, lambda exchange: exchange.target.startswith("//")),
    ),
    Difference(
        "undecodable-addresses",
        (V0,),
        "answers 500 with a stack trace",
        "answers 400, as the betas",
        "The client is at fault.",
        statuses(500, 400, _is_undecodable),
    ),
)
