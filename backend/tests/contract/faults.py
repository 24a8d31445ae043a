"""An exchange and one fault more: a record that one side lacks, has on top, or has otherwise. No row may explain it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.cutover.comparable import Comparable
from app.cutover.differences import Exchange
from app.cutover.differences.exchange import NOTHING, Record


def faulty(exchange: Exchange) -> Iterator[Exchange]:
    """Of an exchange in which both answers are equal. The record is that in the middle of a list, or the only one."""
    if exchange.shape is NOTHING:
        return
    if exchange.lists and exchange.lists[1]:
        yield from _lists(exchange, exchange.lists[1])
    elif exchange.method == "GET" and exchange.statuses == (200, 200) and isinstance(exchange.ours.body, dict):
        yield replace(exchange, ours=Comparable(404))
        yield replace(exchange, theirs=Comparable(404))
        yield replace(exchange, ours=exchange.ours._replace(body=_changed(exchange.ours.body)))


def _lists(exchange: Exchange, records: list[Record]) -> Iterator[Exchange]:
    place = len(records) // 2
    before, one, after = records[:place], records[place], records[place + 1 :]
    lacking, more = [*before, *after], [*before, one | {"id": "another"}, one, *after]
    yield replace(exchange, ours=_with(exchange.ours, lacking, -1))
    yield replace(exchange, theirs=_with(exchange.theirs, lacking, -1))
    yield replace(exchange, ours=_with(exchange.ours, more, 1))
    yield replace(exchange, ours=_with(exchange.ours, [*before, _changed(one), *after], 0))


def _changed(record: Record) -> Record:
    name = max(record)
    return record | {name: [record[name], "changed"]}


def _with(answer: Comparable, records: list[Record], more: int) -> Comparable:
    """The answer of a side that has so many more."""
    body: Any = answer.body
    if isinstance(body, dict):
        return answer._replace(body=body | {"data": records, "items": body["items"] + more})
    total = answer.total and str(int(answer.total) + more)
    return answer._replace(body=records, total=total)
