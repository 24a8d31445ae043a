"""A field of every kind, required and optional, in the real json-servers and in ours: equal answers, or a row of the
table."""

from pathlib import Path

import httpx2
import pytest

from app.cutover.comparing import shapes
from app.cutover.differences import Exchange
from tests.contract import things
from tests.contract.answers import Answer, Version, comparable
from tests.contract.evidence import Evidence
from tests.contract.servers import RELEASES, Server, json_server
from tests.engine.declared import EVERY
from tests.engine.served import create_tables, served


@pytest.mark.parametrize("version", ["0.17.4", "1.0.0-beta.15"])
async def test_every_list_of_every_kind(version: Version, node: Path, bare_database: str, tmp_path: Path) -> None:
    create_tables(bare_database)
    with json_server(version, node, {"things": things.THINGS}, tmp_path) as theirs:
        async with served(bare_database, RELEASES[version].dialect) as ours:
            for thing in things.THINGS:
                created = await ours.post("/things", json=thing)
                assert (created.status_code, created.json()) == (201, thing)
            exchanges = [await _exchange(version, theirs, ours, query) for query in things.queries(version)]
    Evidence().judge(exchanges)


async def _exchange(version: Version, theirs: Server, ours: httpx2.AsyncClient, query: str) -> Exchange:
    target = f"/things?{query}"
    answer = await ours.get(target)
    other = comparable(version, Answer(answer.status_code, answer.headers, answer.content))
    expected = comparable(version, theirs.send("GET", target))
    return Exchange(version, "GET", target, None, expected, other, shapes=shapes(tuple(EVERY)))
