"""db.json files as frontends have them, their values made up, and every GET that their shape allows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise, permutations, product
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

Record = Mapping[str, Any]
Database = Mapping[str, Sequence[Record]]

FILES = sorted((Path(__file__).parent / "files").glob("*.json"))
_OPERATORS = ("", "_ne", "_gte", "_lte", "_like")
_SOME = 2  # values of a field
_RELATED = 4  # collections, of which each is asked for with each other


def read(file: Path) -> Database:
    found: Database = json.loads(file.read_text())
    return found


def requests(database: Database) -> Iterator[str]:
    """Lists, ids, filters, orders, pages and searches of each collection; relations between any two."""
    for path, records in database.items():
        yield from (f"/{path}/{quote(str(record['id']))}" for record in records)
        yield from (f"/{path}/nobody", f"/{path}/0", f"/{path}")
        yield from (f"/{path}?{query}" for query in _queries(records))
    for one, other in permutations(list(database)[:_RELATED], 2):
        yield from _relations(one, other, database[one])


def _queries(records: Sequence[Record]) -> Iterator[str]:
    names = list(dict.fromkeys(name for record in records for name in record))
    for name, operator in product(names, _OPERATORS):
        yield from (f"{quote_plus(key)}{operator}={quote_plus(value)}" for key, value in _values(name, records))
    names = list(filter(None, map(quote_plus, names)))
    for name, order in product(names, ("asc", "desc")):
        yield f"_sort={name}&_order={order}"
        yield f"_sort={name}&_order={order}&_page=2&_limit=2"
    yield from (f"q={quote_plus(piece)}" for piece in _pieces(records))
    yield from ("_page=1", "_page=2&_limit=3", "_limit=2", "_start=1&_end=3", "_start=1&_limit=2", "_page=9&_limit=2")
    for one, other in pairwise(names):
        yield from (f"_sort={one},{other}&_order=desc,asc", f"{other}_ne=x&_page=1&_limit=2&_sort={one}")


def _values(name: str, records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Some of a field's values as an address has them; of an object those within it, by their paths."""
    found = [record[name] for record in records if record.get(name) is not None]
    inner = [(f"{name}.{key}", value) for one in found[:1] if isinstance(one, dict) for key, value in one.items()]
    plain = [(name, value[0] if isinstance(value, list) and value else value) for value in found]
    scalars = ((key, _text(value)) for key, value in plain + inner if not isinstance(value, list | dict))
    return islice(dict.fromkeys(scalars), _SOME + len(inner))


def _pieces(records: Sequence[Record]) -> Iterator[str]:
    texts = [value for record in records[:_SOME] for value in record.values() if isinstance(value, str)]
    yield from dict.fromkeys(piece for text in texts for piece in (text[:3].upper(), text.split(" ")[-1]) if piece)
    yield from ("1", "e", "no such text")


def _relations(one: str, other: str, records: Sequence[Record]) -> Iterator[str]:
    parent = other.removesuffix("s")
    yield from (f"/{one}?_embed={other}", f"/{one}?_expand={parent}", f"/{one}?_embed={other}&_expand={parent}")
    for record in records[:_SOME]:
        address = f"/{one}/{quote(str(record['id']))}"
        yield from (f"{address}?_embed={other}", f"{address}?_expand={parent}", f"{address}/{other}")
        yield f"{address}/{other}?_sort=id&_order=desc&_limit=2"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
