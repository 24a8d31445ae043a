"""What a move says of itself, with a difference that nothing explains: in all faces, and nowhere with a value."""

from collections.abc import Callable
from pathlib import Path

from tests.cutover.trio import SECONDS, Trio, asked, some, trio
from tests.servers import wait_until

SECRET = "Somebody Else"


def test_a_side_that_lies_is_told_of_without_what_it_said(
    node: Path, copy_of_template: Callable[[], str], tmp_path: Path
) -> None:
    with trio("0.17.4", node, copy_of_template(), tmp_path, some(5)) as three:
        three.cutover.stage("copy")
        three.demand_equal()
        assert three.ask("GET", "/patients?_sort=name&_page=1&_limit=3").status == 200
        wait_until(lambda: three.cutover.facts["comparisons"].get("equal"), SECONDS, "the list is compared")
        assert asked(three.new.port, "PATCH", "/patients/n2", {"name": SECRET}).status == 200
        assert three.ask("GET", f"/patients/n2?secret={SECRET[:8]}").status == 200
        wait_until(lambda: three.cutover.facts["comparisons"].get("different"), SECONDS, "no difference is seen")
        _told(three)


def _told(three: Trio) -> None:
    facts = three.cutover.facts
    example = facts["examples"][-1]
    assert (example["address"], example["place"], example["row"]) == ("/patients/{id}?secret=…", "/name", "")
    verified = three.cutover.told("GET", "/verify.json").json
    assert (verified["equal"], verified["lists"][0]["different"]) == (False, {"n2": ["name"]})
    page, metrics = (three.cutover.told("GET", path) for path in ("/", "/metrics"))
    assert (page.status, metrics.status) == (200, 200)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert b"/patients/{id}?secret=" in page.content
    assert b'cutover_comparisons_total{outcome="different"} 1.0' in metrics.content
    assert b'cutover_stage{stage="copy"} 1.0' in metrics.content
    for face in ("/", "/metrics", "/status.json", "/verify.json", "/page.css", "/page.js"):
        answer = three.cutover.told("GET", face)
        assert answer.status == 200
        assert SECRET[:8].encode() not in answer.content
