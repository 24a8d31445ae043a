"""Many at once: one winner where there can be one, and nobody's change lost where there is room for all."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import psycopg
import pytest

from tests import patients
from tests.integration.faults.conftest import launching
from tests.integration.faults.processes import Postgres
from tests.integration.faults.wire import Answer, Client, ask, burst
from tests.servers import Server
from tests.torture import amount

Table = psycopg.Connection[Any]
Request = tuple[str, str, Any, dict[str, str]]  # method, path, body, headers
_numbers = count(1)


@pytest.fixture(scope="module", params=[1, 3], ids=["one process", "three workers"])
def shared_server(request: pytest.FixtureRequest, cluster_process: Postgres) -> Iterator[Server]:
    with launching(cluster_process) as run:
        yield run(workers=request.param)


def patient(**changes: Any) -> dict[str, Any]:
    number = next(_numbers)
    own = {"id": f"r{number}", "patientID": f"R{number}", "name": f"Secretia {number}", "medicalCondition": "Morbus"}
    return patients.patient(**own | changes)


def at_once(server: Server, requests: list[Request]) -> list[Answer]:
    """Each on an open connection of its own, all sent in the same moment."""
    gate = Barrier(len(requests))

    def one(request: Request) -> Answer:
        client = Client(server.port)
        client.ask("GET", "/health/live")
        gate.wait()
        answer = client.ask(*request)
        client.close()
        return answer

    with ThreadPoolExecutor(len(requests)) as clients:
        return list(clients.map(one, requests))


@pytest.mark.parametrize("field", ["patientID", "id"])
def test_of_equal_patients_one_is_taken(server: Server, table: Table, field: str) -> None:
    for turn in range(amount(5, 30)):
        bodies = [patient(**{field: f"same{turn}"}) for _ in range(64)]
        answers = at_once(server, [("POST", "/patients", body, {}) for body in bodies])
        assert sorted(answer.status for answer in answers) == [201] + [409] * 63
        refused = [answer for answer in answers if answer.status == 409]
        assert all(answer.problem() and set(answer.json()["errors"]) == {field} for answer in refused)
        assert table.execute("SELECT count(*) FROM patients").fetchone() == (turn + 1,)


def test_of_equal_renames_one_is_taken(server: Server, table: Table) -> None:
    for turn in range(amount(3, 20)):
        rows = [ask(server.port, "POST", "/patients", patient()).json() for _ in range(16)]
        wanted = {"patientID": f"wanted{turn}"}
        renames: list[Request] = [
            ("PATCH", f"/patients/{row['id']}", wanted, {})
            if n % 2
            else ("PUT", f"/patients/{row['id']}", row | wanted, {})
            for n, row in enumerate(rows)
        ]
        assert sorted(answer.status for answer in at_once(server, renames)) == [200] + [409] * 15


def test_changes_of_different_fields_all_survive(server: Server, table: Table) -> None:
    for turn in range(amount(20, 200)):
        row = ask(server.port, "POST", "/patients", patient()).json()
        changes = {
            "name": f"Secretia the {turn}th",
            "age": 41 + turn % 50,
            "gender": "Other",
            "medicalCondition": f"Morbus {turn}",
            "lastVisit": "2025-02-03",
            "note": "undeclared",
        }
        address = f"/patients/{row['id']}"
        answers = at_once(server, [("PATCH", address, {field: value}, {}) for field, value in changes.items()])
        assert {answer.status for answer in answers} == {200}
        assert ask(server.port, "GET", address).json() == row | changes


def test_whole_records_are_never_mixed(server: Server) -> None:
    for _ in range(amount(10, 60)):
        row = ask(server.port, "POST", "/patients", patient()).json()
        versions = [row | {"name": f"Secretia {n}", "medicalCondition": f"Morbus {n}", "age": n} for n in range(1, 13)]
        address = f"/patients/{row['id']}"
        answers = at_once(server, [("PUT", address, version, {}) for version in versions])
        assert {answer.status for answer in answers} == {200}
        assert ask(server.port, "GET", address).json() in versions


def test_a_deleted_patient_stays_deleted(server: Server, table: Table) -> None:
    for _ in range(amount(10, 60)):
        row = ask(server.port, "POST", "/patients", patient()).json()
        address = f"/patients/{row['id']}"
        changes: list[Request] = [("PATCH", address, {"age": n}, {}) for n in range(1, 9)]
        *changed, deleted = at_once(server, [*changes, ("DELETE", address, None, {})])
        assert deleted.status == 200
        assert {answer.status for answer in changed} <= {200, 404}
        assert ask(server.port, "GET", address).status == 404
    assert table.execute("SELECT count(*) FROM patients").fetchone() == (0,)


def test_of_changes_to_one_version_one_is_taken(server: Server) -> None:
    for _ in range(amount(5, 40)):
        created = ask(server.port, "POST", "/patients", patient())
        address, tag = created.headers["location"], {"If-Match": created.headers["etag"]}
        row = created.json()
        changes: list[Request] = [("PATCH", address, {"age": n}, tag) for n in range(1, 9)]
        changes += [("PUT", address, row | {"age": n}, tag) for n in range(9, 17)]
        answers = at_once(server, changes)
        assert sorted(answer.status for answer in answers) == [200] + [412] * 15
        winner = next(answer for answer in answers if answer.status == 200)
        stale = [("PATCH", address, {"age": 99}, tag), ("PUT", address, row, tag), ("DELETE", address, None, tag)]
        assert [ask(server.port, *request).status for request in stale] == [412] * 3
        assert ask(server.port, "GET", address).body == winner.body
        fresh = {"If-Match": winner.headers["etag"]}
        assert ask(server.port, "DELETE", address, None, fresh).status == 200


@pytest.mark.parametrize("size", [50, 200, 1000])
def test_a_burst_is_stored_whole(server: Server, table: Table, size: int) -> None:
    bodies = [json.dumps(patient(id=None)).encode() for _ in range(size)]
    statuses, seconds = burst(server.port, bodies)
    print(f"{size} at once: the last answer after {seconds:.2f} s")
    assert statuses == [201] * size
    stored = table.execute("SELECT count(*), count(DISTINCT patient_id), count(DISTINCT id) FROM patients").fetchone()
    assert stored == (size, size, size)
