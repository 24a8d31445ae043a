"""Collections with relations in the real json-servers and in ours: equal answers, or a row of the table."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.cutover.comparable import same
from app.cutover.comparing import shapes
from app.cutover.differences import Exchange, explanations
from app.cutover.differences.exchange import Shape
from app.cutover.differences.relating import RELATING
from tests.contract import related
from tests.contract.answers import Answer, Version, comparable
from tests.contract.evidence import Evidence
from tests.contract.servers import RELEASES, Server, json_server
from tests.engine.related import create_tables, declared
from tests.engine.served import served
from tests.needs import needed

_TESTS = len(RELEASES) + len(related.WRITES) + 2


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence()


class Both:
    """A json-server and ours with the same collections."""

    def __init__(
        self,
        version: Version,
        theirs: Server,
        ours: httpx2.AsyncClient,
        declared: Sequence[Shape],
        paths: Sequence[str],
    ) -> None:
        self._version, self._theirs, self._ours, self._declared, self._paths = version, theirs, ours, declared, paths

    async def exchange(self, method: str, target: str, body: Any = None) -> Exchange:
        answer = await self._ours.request(method, target, json=body)
        other = comparable(self._version, Answer(answer.status_code, answer.headers, answer.content))
        theirs = comparable(self._version, self._theirs.send(method, target, body))
        return Exchange(self._version, method, target, body, theirs, other, shapes=self._declared)

    async def write(self, method: str, target: str, body: Any) -> Exchange:
        """The exchange; where it is equal, or a DELETE that a row explains, what is there afterwards is its bodies."""
        one = await self.exchange(method, target, body)
        after = [await self.exchange("GET", f"/{path}") for path in self._paths]
        if not same(one.theirs, one.ours) and (method != "DELETE" or not explanations(one)):
            return one
        theirs, ours = ([getattr(each, side).body for each in after] for side in ("theirs", "ours"))
        return replace(one, theirs=one.theirs._replace(body=theirs), ours=one.ours._replace(body=ours))


@asynccontextmanager
async def _both(
    version: Version, node: Path, dsn: str, folder: Path, database: related.Database, *, suffix: str = "Id"
) -> AsyncIterator[Both]:
    resources = declared(numbers=version == "0.17.4")
    create_tables(dsn, resources)
    flags = ["--foreignKeySuffix", suffix] if suffix != "Id" else []
    with json_server(version, node, database, folder, *flags) as theirs:
        async with served(dsn, RELEASES[version].dialect, resources, foreign_key_suffix=suffix) as ours:
            for path, records in database.items():
                created = await ours.post(f"/{path}", json=records)
                assert (created.status_code, created.json()) == (201, records)
            yield Both(version, theirs, ours, shapes(tuple(resources)), list(database))


@pytest.mark.parametrize("version", RELEASES)
async def test_every_relation(
    version: Version, node: Path, bare_database: str, tmp_path: Path, evidence: Evidence
) -> None:
    database = related.records(numbers=version == "0.17.4")
    async with _both(version, node, bare_database, tmp_path, database) as both:
        evidence.judge([await both.exchange("GET", target) for target in related.targets(version)])


@pytest.mark.parametrize("writes", related.WRITES, ids=str)
async def test_what_a_write_does_to_others(
    writes: related.Writes, node: Path, bare_database: str, tmp_path: Path, evidence: Evidence
) -> None:
    database = related.whole(numbers=writes.version == "0.17.4")
    async with _both(writes.version, node, bare_database, tmp_path, database) as both:
        evidence.judge([await both.write(*request) for request in writes.requests])


async def test_keys_that_are_null(node: Path, bare_database: str, tmp_path: Path, evidence: Evidence) -> None:
    version: Version = "0.17.4"
    whole = related.whole(numbers=True)
    database = {path: [*records, *related.GAPS.get(path, ())] for path, records in whole.items()}
    async with _both(version, node, bare_database, tmp_path, database) as both:
        read = [await both.exchange("GET", target) for target in related.OF_GAPS]
        evidence.judge([*read, await both.exchange("DELETE", "/doctors/2")])


async def test_keys_that_end_otherwise(node: Path, bare_database: str, tmp_path: Path, evidence: Evidence) -> None:
    every = related.whole(numbers=True)
    database: related.Database = {
        **every,
        "sessions": [{"id": "s1", "doctor_id": "d1", "doctorId": "2"}, {"id": "s2", "doctor_id": 2}],
    }
    async with _both("0.17.4", node, bare_database, tmp_path, database, suffix="_id") as both:
        read = [await both.exchange("GET", target) for target in related.OF_SUFFIX]
        evidence.judge([*read, await both.write("DELETE", "/doctors/d1", None)])


def test_every_row_is_shown(evidence: Evidence) -> None:
    needed(evidence.tests >= _TESTS, "only a part of the requests was sent")
    assert {(row.name, version) for row in RELATING for version in row.releases} <= evidence.shown
