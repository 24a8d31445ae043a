"""The row about searches that forgive: what is nearly the text is found, too. Pure.

How near is near enough is PostgreSQL's; what contains the text is near enough, whatever its accents and letters.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.cutover.differences.exchange import ALL, Exchange, Record
from app.cutover.differences.reductions import Difference, changed, either, is_of_one_record, ordered
from app.cutover.differences.values import at, contains

_SIMILAR = ":similar"


def _sought(exchange: Exchange) -> Sequence[tuple[str, str]]:
    """Fields and what is looked for in them; no field: anywhere."""
    asked = [(key.removesuffix(_SIMILAR), text) for key, text in exchange.pairs if key.endswith(_SIMILAR)]
    return [("" if name == "q" else name, text) for name, text in (*asked, *_within(exchange.where))]


def _within(where: Any) -> Iterator[tuple[str, str]]:
    rules = where.items() if isinstance(where, Mapping) else ()
    return ((name, str(rule["similar"])) for name, rule in rules if isinstance(rule, Mapping) and "similar" in rule)


def _has(record: Record, name: str, text: str) -> bool:
    return contains(_folded(at(record, name) if name else record), _folded(text))


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(one for one in unicodedata.normalize("NFKD", value) if not unicodedata.combining(one))
    if isinstance(value, Mapping):
        return {name: _folded(one) for name, one in value.items()}
    return [_folded(one) for one in value] if isinstance(value, list) else value


def _forgiven(exchange: Exchange) -> Exchange:
    """Ours are some of theirs, in another order, and what is not among them has not the text."""
    sought = _sought(exchange)
    if not sought or exchange.lists is None:
        return exchange
    theirs, ours = exchange.lists
    known = {one.get("id") for one in theirs}, {one.get("id") for one in ours}
    lacking = [one for one in theirs if one.get("id") not in known[1]]
    beyond = exchange.windowed and not is_of_one_record(theirs, ours)
    is_part = beyond or not theirs or known[1] <= known[0]
    fits = is_part and not changed(theirs, ours) and not any(_has(one, *each) for one in lacking for each in sought)
    return exchange.having(theirs, theirs) if fits else exchange


def _by_score(exchange: Exchange) -> bool:
    return exchange.first("_sort").lstrip("-") == "_score" and "q" in exchange.keys


FORGIVING = Difference(
    "forgiving",
    ALL,
    "knows no `:similar` (all records, or none) and no `_score` (list order)",
    "finds what is nearly the value, the best first, and sorts by how well a record meets the search",
    "Names are half remembered, and typed without accents. The spelling is one that json-server ignores.",
    either(_forgiven, ordered(_by_score)),
)
