"""Where relations are other than in a json-server, on purpose: rows of the same table (differences.py)."""

from typing import Any

from tests.contract.differences import BETAS, V0, Difference, Exchange

_EMBEDDED = "doctor."


def _removes_more(exchange: Exchange) -> bool:
    """Whether of what is there after a DELETE theirs lacks something, and all else is equal."""
    if exchange.method != "DELETE":
        return False
    lists: list[tuple[Any, Any]] = list(zip(exchange.theirs.body, exchange.ours.body, strict=True))
    return all(record in ours for theirs, ours in lists for record in theirs)


RELATED: tuple[Difference, ...] = (
    Difference(
        "missing-parents",
        (V0,),
        "answers 500 to `_expand` if some record of the answer has no such key, or null",
        "leaves the parent out, as where nobody has that id",
        "A read is never an error.",
        lambda exchange: (exchange.theirs.status, exchange.ours.status) == (500, 200) and "_expand" in exchange.keys,
    ),
    Difference(
        "fields-of-what-is-embedded",
        BETAS,
        "filters and sorts also by the fields of what is embedded: `_embed=doctor&_sort=doctor.name`",
        "does so by the record's own",
        "A page is found first, by an index where there is one; only its records are looked up elsewhere.",
        lambda exchange: any(key.startswith(_EMBEDDED) or value.startswith(_EMBEDDED) for key, value in exchange.pairs),
    ),
    Difference(
        "filled-keys",
        (V0,),
        "makes the key in a nested POST text, also where ids are numbers, and then does not embed the record",
        "makes it a number where the field is one",
        "The record was sent to be found there.",
        lambda exchange: exchange.method == "POST" and exchange.target == "/patients/1/visits",
    ),
    Difference(
        "orphans",
        (V0,),
        "removes on DELETE, beside what belongs to the record, whatever else has a key that is nobody's id, in every"
        " collection, and answers 500 if a key is null",
        "removes what belongs to the record, in the same transaction, and nothing else",
        "Nobody asked for the others to be deleted.",
        lambda exchange: exchange.theirs.status == 500 or _removes_more(exchange),
    ),
    Difference(
        "null-keys",
        BETAS,
        "removes with `_dependent` also those whose key was null before",
        "removes those that belong to the record",
        "Nobody asked for the others to be deleted.",
        lambda exchange: "_dependent" in exchange.keys and _removes_more(exchange),
    ),
)
