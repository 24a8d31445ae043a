"""Where this server answers otherwise than a json-server on purpose: the one table, with the reason of each row. Pure.

A row takes out of an exchange what it explains. Where the rows leave something unequal one side is at fault: a record
that one of them lacks, has on top, or has otherwise is never explained. The rows look at the request and at both
answers, and at nothing of what makes this server's; else a fault of ours would explain itself.
"""

from collections.abc import Sequence

from app.cutover.comparable import same
from app.cutover.differences.addresses import ADDRESSES
from app.cutover.differences.exchange import Exchange
from app.cutover.differences.filters import FILTERS
from app.cutover.differences.forgiving import FORGIVING
from app.cutover.differences.pages import PAGES
from app.cutover.differences.parameters import PARAMETRIC
from app.cutover.differences.reductions import Difference
from app.cutover.differences.relating import RELATING
from app.cutover.differences.writing import WRITING

__all__ = ["DIFFERENCES", "Difference", "Exchange", "explanations"]

DIFFERENCES: tuple[Difference, ...] = (*PARAMETRIC, *FILTERS, FORGIVING, *PAGES, *RELATING, *WRITING, *ADDRESSES)


def explanations(exchange: Exchange) -> Sequence[Difference]:
    """The rows that together explain why two answers differ; none if something is left."""
    found = []
    for row in DIFFERENCES:
        if same(exchange.theirs, exchange.ours):
            break
        reduced = row.reduced(exchange) if exchange.version in row.releases else exchange
        if reduced is not exchange:
            found.append(row)
        exchange = reduced
    return found if same(exchange.theirs, exchange.ours) else []
