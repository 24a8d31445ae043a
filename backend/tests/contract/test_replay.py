"""The way back: a json-server that was left behind gets the present state, whatever has changed since."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Done, ran
from tests.contract.answers import Version
from tests.contract.servers import RELEASES, Server, json_server, our_server
from tests.patients import patient

BEFORE = [patient(number, id=str(number)) for number in range(1, 8)]
OTHER_IDS: Version = "1.0.0-beta.15"  # which gives every new record an id of its own


def replay(dsn: str, url: str, since: str) -> Done:
    return ran("-m", "app", "replay", url, "--since", since, DATABASE_URL=dsn)


def records(server: Server) -> list[dict[str, Any]]:
    return list(server.send("GET", "/patients").json)


def changed(ours: Server) -> None:
    """Whatever can happen to a record, some of it twice."""
    sent: list[tuple[str, str, Any]] = [
        ("POST", "/patients", patient(20, id="a/b ü%")),
        ("POST", "/patients", patient(21, id="21", more={"note": ["ü", None, 1.5]})),
        ("PATCH", "/patients/21", {"age": 7}),
        ("PATCH", "/patients/2", {"age": 99}),
        ("PUT", "/patients/3", patient(3, name="Anders", own=True)),
        ("DELETE", "/patients/4", None),
        ("POST", "/patients", patient(22, id="22")),
        ("DELETE", "/patients/22", None),
        ("DELETE", "/patients/5", None),
        ("POST", "/patients", patient(5, id="5", name="Again")),
    ]
    for method, target, body in sent:
        assert ours.send(method, target, body).status in (200, 201), target


@pytest.mark.parametrize("version", ["0.17.4", OTHER_IDS])
def test_a_json_server_gets_what_has_changed_since(
    node: Path, copy_of_template: Callable[[], str], tmp_path: Path, version: Version
) -> None:
    dsn = copy_of_template()
    with (
        our_server(RELEASES[version].dialect, dsn) as ours,
        json_server(version, node, {"patients": BEFORE}, tmp_path) as theirs,
    ):
        for record in BEFORE:
            assert ours.send("POST", "/patients", record).status == 201
        since = ours.send("GET", "/changes?_since=now").json["next"]
        changed(ours)
        done = replay(dsn, theirs.url, since)
        assert done.returncode == 0, done.stderr
        assert "1 deleted" in done.stdout
        kept = {record["id"]: record for record in records(ours)}
        found = {record["id"]: record for record in records(theirs)}
        if version == OTHER_IDS:
            assert "2 created under another id" in done.stdout
            by_number = {record["patientID"]: record for record in kept.values()}
            found = {
                by_number[one["patientID"]]["id"]: {**one, "id": by_number[one["patientID"]]["id"]}
                for one in found.values()
            }
        assert found == kept
        again = replay(dsn, theirs.url, done.stdout.split()[-1])
        assert (again.returncode, again.stdout.splitlines()[0]) == (0, "nothing has changed")


def test_what_cannot_be_done_is_said(copy_of_template: Callable[[], str]) -> None:
    dsn = copy_of_template()
    with our_server("0.17", dsn) as ours:
        assert ours.send("POST", "/patients", BEFORE[0]).status == 201
    away = replay(dsn, "http://127.0.0.1:9", "0.0.0")
    assert (away.returncode, "does not answer" in away.stderr, "--since 0.0.0" in away.stderr) == (1, True, True)
    gone = replay(dsn, "http://127.0.0.1:9", "1.1.1")
    assert (gone.returncode, "not on record" in gone.stderr) == (1, True)
    assert [replay(dsn, url, since).returncode for url, since in (("x", "0.0.0"), ("http://a", "x"))] == [2, 2]
    assert "Traceback" not in away.stderr + gone.stderr
