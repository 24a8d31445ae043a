"""The benchmark measures what it says, and a wrong answer ends it. Small: some patients, one second each."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import answers, load, patients, report
from benchmarks.contenders import HERE, Server
from benchmarks.load import Sample, WrongAnswers
from benchmarks.measuring import Plan, measure
from benchmarks.report import Cell, ServerFacts
from benchmarks.scenarios import SCENARIOS, Request, requests_of
from tests.needs import needed

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
SERVER = Server("ours", 0, 0, 0.0)


def test_everyone_gets_the_same_patients() -> None:
    assert patients.make(50) == patients.make(50)
    assert len({patient["id"] for patient in patients.make(1000)}) == 1000


@pytest.mark.parametrize("name", BY_NAME)
def test_a_scenario_asks_the_same_in_each_run(name: str) -> None:
    data = patients.make(50)
    assert requests_of(BY_NAME[name], data) == requests_of(BY_NAME[name], data)


def test_requests_are_lines_of_method_path_body(tmp_path: Path) -> None:
    file = load.write([Request("GET", "/patients"), Request("POST", "/patients", '{"age":1}')], tmp_path / "file.txt")
    assert file.read_text() == 'GET\t/patients\t\nPOST\t/patients\t{"age":1}\n'


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, []), (200, [*patients.make(3), patients.make(4)[3]]), (500, patients.make(3))],
    ids=["nothing", "one too many", "an error"],
)
def test_a_wrong_answer_ends_it(monkeypatch: pytest.MonkeyPatch, status: int, body: object) -> None:
    monkeypatch.setattr(answers, "ask", lambda *_: answers.Answer(status, {}, json.dumps(body).encode()))
    with pytest.raises(WrongAnswers, match="ours, GET /patients"):
        answers.compare(BY_NAME["list"], [SERVER], [Request("GET", "/patients")], patients.make(3))


def test_a_right_answer_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ask", lambda *_: answers.Answer(200, {}, json.dumps(patients.make(3)).encode()))
    answers.compare(BY_NAME["list"], [SERVER], [Request("GET", "/patients")], patients.make(3))


def test_the_report_has_medians_and_ratios() -> None:
    rates = {"ours": (100, 300, 200), "fastify": (100, 50, 400)}
    cells = [
        Cell("by id", 1000, 16, server, tuple(Sample(rate, float(rate), 1.0, 2.0) for rate in found))
        for server, found in rates.items()
    ]
    table = report.table(cells, [ServerFacts("ours", 1000, 0.5, 80.0)])
    row = [cell.strip() for cell in table.splitlines()[2].split("|")]
    assert row[1:] == ["1,000", "by id", "16", "200", "", "", "100 (2.00x)", *5 * [""], "1.00 / 2.00", ""]
    written = json.loads(report.as_json(cells, [], {"cores": 2}))
    assert [found["requests_per_second"] for found in written["rows"]] == [200, 100]


def test_a_small_run_measures_everything_that_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVERAGE_PROCESS_CONFIG", "")
    generator = shutil.which("wrk") or (HERE / "node_modules" / "autocannon").is_dir()
    needed(generator, "neither wrk nor autocannon is installed: make bench installs one")
    asked = BY_NAME["list"], BY_NAME["POST"]
    servers = ("ours", "http limit", "database limit")
    cells, facts = measure(Plan(sizes=(20,), sides=(), rounds=1, servers=servers, scenarios=asked))
    assert [(cell.scenario, cell.server) for cell in cells] == [(s.name, name) for s in asked for name in servers]
    assert all(cell.rate > 0 for cell in cells)
    assert [fact.server for fact in facts] == ["ours", "http limit"]
