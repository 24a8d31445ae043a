"""Frontends' own db.json files, declared by one command: served as json-server 0.17.4 serves the same file."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from app.cutover.differences import Exchange
from app.cutover.differences.exchange import Shape
from tests.checkout import clone
from tests.commands import ran
from tests.contract.answers import Comparable, Version, comparable
from tests.contract.evidence import Evidence
from tests.contract.field_files import FILES, Database, read, requests
from tests.contract.servers import Server, json_server
from tests.servers import UNMEASURED

VERSION: Version = "0.17.4"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_declared_and_served_as_json_server_does(
    file: Path, node: Path, bare_database: str, tmp_path: Path
) -> None:
    database, backend = read(file), clone(tmp_path / "checkout")
    _run(backend, "scripts/declare.py", str(file))
    _run(backend, "-m", "alembic", "upgrade", "head", DATABASE_URL=bare_database)
    _run(backend, "scripts/migrate_db_json.py", str(file), DATABASE_URL=bare_database)
    with (
        json_server(VERSION, node, database, tmp_path / "json-server") as theirs,
        _ours(backend, bare_database) as ours,
    ):
        exchanges = [_exchange(theirs, ours, target, database) for target in requests(database)]
        _post_again(ours, database)
    Evidence().judge(exchanges)
    with _ours(backend, bare_database) as ours:
        kept = {path: ours.send("GET", f"/{path}").json for path in database}
    assert kept == _with_numbers(database, _numbers(database))


def _post_again(ours: Server, database: Database) -> None:
    """All are deleted, some with what they belong to, and posted as they stand in the file."""
    for path, record in _each(database):
        assert ours.send("DELETE", f"/{path}/{quote(str(record['id']))}").status in {200, 404}
    assert {path: ours.send("GET", f"/{path}").json for path in database} == {path: [] for path in database}
    for path, record in _each(database):
        answer = ours.send("POST", f"/{path}", record)
        assert answer.status == 201, (path, answer.content)


def _each(database: Database) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((path, record) for path, records in database.items() for record in records)


def _exchange(theirs: Server, ours: Server, target: str, database: Database) -> Exchange:
    expected, found = (comparable(VERSION, server.send("GET", target)) for server in (theirs, ours))
    declared = [Shape(path, frozenset(name for one in records for name in one)) for path, records in database.items()]
    return Exchange(VERSION, "GET", target, None, _as_kinds(expected, database), found, shapes=declared)


def _as_kinds(answer: Comparable, database: Database) -> Comparable:
    """What a number's field has as text ("42" beside 42) is answered as the number."""
    return answer._replace(body=_with_numbers(answer.body, _numbers(database)))


def _numbers(database: Database) -> set[str]:
    values: dict[str, list[Any]] = {}
    for name, value in (member for records in database.values() for record in records for member in record.items()):
        values.setdefault(name, []).append(value)
    return {name for name, found in values.items() if {type(value) for value in found} in ({int, str}, {float, str})}


def _with_numbers(value: Any, names: set[str], name: str = "") -> Any:
    if isinstance(value, list):
        return [_with_numbers(item, names) for item in value]
    if isinstance(value, Mapping):
        return {key: _with_numbers(item, names, key) for key, item in value.items()}
    return json.loads(value) if name in names - {"id"} and isinstance(value, str) else value


def _ours(backend: Path, dsn: str) -> Server:
    """The checkout's server: not this process's code."""
    settings = {"DATABASE_URL": dsn, "PORT": "{port}", "LOG_LEVEL": "WARNING"}
    return Server([sys.executable, "-m", "app"], backend, settings)


def _run(folder: Path, *command: str, **settings: str) -> None:
    done = ran(*command, folder=folder, **UNMEASURED | settings)
    assert done.returncode == 0, done.stdout + done.stderr
