"""A parent and its children through every operation; what is answered does not depend on what they are called."""

import json
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psycopg

from app import past
from app.dialect.collation import DETECT, Collations
from app.dialect.lists import Lists
from app.dialect.query import Dialect, parse
from app.dialect.relations import Relations
from app.exporter import export
from app.importer.frame import alone
from app.importer.run import Options, import_file
from app.resource.plurals import singular
from app.resource.resource import Resource
from app.services.statements import Statements
from app.sql import Query
from tests import declared
from tests.engine.served import served

_VALUES = ("a red text", 3, True, "2024-01-15", {"deep": [1, "red"]}, 1.5)
_LISTS = (
    "",
    "_page=1&_limit=2",
    "_page=9&_per_page=2",
    "_sort={text},-undeclared,{whole}",
    "_sort=-undeclared&_page=1&_limit=2",
    "{text}_ne=blue&{whole}_gte=3",
    "{text}_like=r.d",
    "undeclared=7",
    "undeclared_ne=7&_start=0&_end=2",
    "_start=1&_limit=1",
    "q=red",
    "q=a+%22red",
    "q=red&_sort=-_score,undeclared&_start=0&_end=2",
    "q:similar=redd",
    "{text}:similar=redd&_page=1&_limit=2&_sort=_score",
    "undeclared:similar=herrring&_sort=_score",
    "_embed={child}",
    "_expand={one}",
    "_embed={child}&_expand={one}&_sort={text}&_page=1&_limit=2",
)
_OF_1 = ('_where={{"or":[{{"{text}":{{"eq":"blue"}}}},{{"undeclared":{{"eq":7}}}}]}}', "_embed={one}&_start=-2")


class Names(NamedTuple):
    """What two collections and the fields of each are called."""

    parent: str
    child: str
    fields: Sequence[str]

    @property
    def one(self) -> str:
        return singular(self.parent)

    @property
    def key(self) -> str:
        return f"{self.one}Id"

    def parents(self) -> list[dict[str, Any]]:
        """Every field is a text, a number or something else in turn; some records do not have it."""
        values = {name: _VALUES[place % len(_VALUES)] for place, name in enumerate(self.fields)}
        return [
            {"id": 1, **values},
            {"id": 2, **dict(list(values.items())[::2])},
            {"id": 3, **values, self.fields[0]: "blue"},
        ]

    def children(self) -> list[dict[str, Any]]:
        return [{**one, "id": f"c{one['id']}", self.key: 1 + one["id"] // 3} for one in self.parents()]

    def declared(self) -> list[Resource]:
        records = {self.parent: self.parents(), self.child: self.children()}
        return [declared.resource(declared.of(path, of_it)) for path, of_it in records.items()]

    def unnamed(self, told: Any) -> Any:
        """An answer without these names in it."""
        plain = {name: f"field {place}" for place, name in enumerate(self.fields)}
        return _renamed(
            told, plain | {self.parent: "parents", self.child: "children", self.one: "one", self.key: "key"}
        )


def _renamed(told: Any, plain: Mapping[str, str]) -> Any:
    if isinstance(told, dict):
        return {plain.get(name, name): _renamed(one, plain) for name, one in told.items()}
    if isinstance(told, list | tuple):
        return [_renamed(one, plain) for one in told]
    return plain.get(told, told) if isinstance(told, str) else told


class Walk(NamedTuple):
    """Of two collections that are there, empty, in a database."""

    names: Names
    resources: Sequence[Resource]
    dsn: str
    dialect: Dialect
    directory: Path

    async def steps(self) -> list[tuple[str, Any]]:
        """What was done, and what came of it."""
        async with served(self.dsn, self.dialect, self.resources) as http:
            parts = (self._writes, self._reads, self._past)
            told = [step for part in parts async for step in part(http)]
        told += [*self._parts(), *self._files(), ("undo", past.undo(self.resources, [self.names.child, "c2"]))]
        return [(what, self.names.unnamed(answer)) for what, answer in told]

    async def _writes(self, http: httpx2.AsyncClient) -> AsyncIterator[tuple[str, Any]]:
        parent, child = self.names.parent, self.names.child
        first, *others = self.names.parents()
        yield "POST one", await _asked(http, "POST", f"/{parent}", first)
        yield "POST several", await _asked(http, "POST", f"/{parent}", others)
        for one in self.names.children():
            yield "POST child", await _asked(http, "POST", f"/{child}", one)
        yield "POST the next", await _asked(http, "POST", f"/{parent}", {"undeclared": "a red herring"})
        yield "POST what is there", await _asked(http, "POST", f"/{parent}", first)
        yield "POST again and again", await _asked(http, "POST", f"/{child}", [self.names.children()[0]] * 2)
        yield "PUT", await _asked(http, "PUT", f"/{child}/c3", {**self.names.children()[1], "undeclared": 7})
        yield "PATCH", await _asked(http, "PATCH", f"/{child}/c2", {"undeclared": [1], self.names.fields[0]: "green"})
        yield "PATCH to nothing", await _asked(http, "PATCH", f"/{child}/c2", {self.names.fields[0]: None})
        yield "PATCH alone", await _asked(http, "PATCH", f"/{parent}/2", {self.names.fields[0]: "alone"}, "*")

    async def _reads(self, http: httpx2.AsyncClient) -> AsyncIterator[tuple[str, Any]]:
        parent, child, one = self.names.parent, self.names.child, self.names.one
        for query in (*_LISTS, *(_OF_1 if self.dialect == "1" else ())):
            yield query, await _asked(http, "GET", f"/{parent}?{self._query(query)}")
            yield f"children: {query}", await _asked(http, "GET", f"/{child}?{self._query(query)}")
        for name in self.names.fields:
            yield f"{self.names.unnamed(name)} sorts", await _asked(http, "GET", f"/{parent}?_sort={name},-id")
        yield "one", await _asked(http, "GET", f"/{parent}/1")
        yield "one with its children", await _asked(http, "GET", f"/{parent}/1?_embed={child}&_expand={one}")
        yield "one's children", await _asked(http, "GET", f"/{parent}/1/{child}?_sort=undeclared")
        for path in (f"/-/{parent}", f"/-/{child}?_sort={self.names.fields[0]}", f"/-/{parent}/1", "/health", "/"):
            yield "page", (await http.get(path, headers={"Accept": "text/html"})).status_code
        yield "db", await _asked(http, "GET", "/db")

    def _query(self, query: str) -> str:
        text, whole, *_ = self.names.fields
        return query.format(text=text, whole=whole, child=self.names.child, one=self.names.one)

    async def _past(self, http: httpx2.AsyncClient) -> AsyncIterator[tuple[str, Any]]:
        parent, child = self.names.parent, self.names.child
        yield (
            "changes",
            [(one["resource"], one["id"], one["change"], one["record"]) for one in await _changes(http, "")],
        )
        yield "of some", [one["id"] for one in await _changes(http, f"?resource={child}&id=c1")]
        for path in (f"/{child}/c2", f"/{parent}/1"):
            history = (await http.get(f"{path}/history")).json()
            yield "history", [(one["change"], one["record"]) for one in history]
            version = history[-1]["version"]
            yield "a version", (await http.get(f"{path}/history/{version}")).json()["record"]
            yield "restored", await _asked(http, "POST", f"{path}/history", {"version": version})
        yield "DELETE", await _asked(http, "DELETE", f"/{parent}/1?_dependent={child}")
        yield "DELETE", await _asked(http, "DELETE", f"/{parent}/2")
        yield "left", await _asked(http, "GET", f"/{child}")
        yield "not found", await _asked(http, "GET", f"/{parent}/1")

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """What of a list is read in several statements, which a small one is not."""
        with psycopg.connect(self.dsn, autocommit=True, options="-c jit=off") as connection:
            collations, relations = Collations(*_rows(connection, DETECT)[0]), Relations(self.resources)
            for resource in self.resources:
                lists = Lists(resource, collations, relations)
                for text in _LISTS:
                    query = parse(self._query(text), self.dialect, resource.fields)
                    for positions, total, _ in _rows(connection, lists.places(query)):
                        there = [place for (place,) in struct.iter_unpack(">q", positions)]
                        yield f"in parts: {text}", (total, _read(connection, lists.rows_at(query, there)))
                tally = lists.tally(parse("", self.dialect, ()), list(resource.fields.values())[:9], 5, 99.0)
                yield "tally", len(_rows(connection, tally))
                missing = Query(Statements(resource).taken("id"), {"records": "[]"})
                yield "taken", _rows(connection, missing)

    def _files(self) -> Iterator[tuple[str, Any]]:
        parent, child = self.names.parent, self.names.child
        lists = {
            parent: [*self.names.parents(), {"undeclared": 1}, {"undeclared": 1}, {"id": 1, "undeclared": "another"}],
            child: [*self.names.children(), {"undeclared": 1}],
        }
        file = self.directory / "db.json"
        for replace in (False, True, False):
            good = {path: records[: -2 if path == parent else -1] for path, records in lists.items()}
            file.write_text(json.dumps(good if replace else lists))
            report = import_file(file, self.dsn, self.resources, Options(replace=replace))
            yield "import", (report.status, report.sentence, dict(report.totals))
            written = BytesIO()
            export(self.dsn, written, self.resources, alone([parent, child]))
            yield "export", json.loads(written.getvalue())


async def _asked(http: httpx2.AsyncClient, method: str, address: str, body: Any = None, match: str = "") -> Any:
    headers = {"If-Match": match} if match else {}
    answer = await http.request(method, address, headers=headers, **({"json": body} if body is not None else {}))
    told = answer.json() if answer.is_success else None
    return answer.status_code, told.get("data", told) if isinstance(told, dict) and "pages" in told else told


async def _changes(http: httpx2.AsyncClient, query: str) -> list[dict[str, Any]]:
    answer = await http.get(f"/changes{query}")
    return list(answer.json()["changes"]) if answer.is_success else []


def _read(connection: psycopg.Connection[Any], query: Query) -> Any:
    return json.loads(f"[{_rows(connection, query)[0][0] or ''}]")


def _rows(connection: psycopg.Connection[Any], query: Query) -> list[Any]:
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(query.sql.encode(), query.params).fetchall()
