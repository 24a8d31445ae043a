"""Each stage: who answers, who is written, and that both sides are equal afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.answers import Version
from tests.cutover.trio import some, trio
from tests.patients import patient
from tests.servers import wait_until


@pytest.mark.parametrize("version", ["0.17.4", "1.0.0-beta.15"])
def test_the_whole_way(node: Path, copy_of_template: Callable[[], str], tmp_path: Path, version: Version) -> None:
    with trio(version, node, copy_of_template(), tmp_path, some(5)) as three:
        for number, stage in enumerate(("copy", "ramp", "new", "done")):
            for _ in range(8):
                assert three.ask("GET", "/patients").status == 200
            if number:
                wait_until(lambda: three.cutover.facts["compared"].get("equal", 0) >= 5, 5)
            three.cutover.stage(stage, share=100)
            by = "old" if stage == "copy" else "new"
            assert three.ask("GET", "/patients").headers["x-answered-by"] == by
            made = three.ask("POST", "/patients", patient(100 + number))
            assert made.status == 201, made
            assert three.ask("PATCH", f"/patients/{made.json['id']}", {"age": 3}).status == 200
            assert three.ask("DELETE", f"/patients/{three.lists()[1][0]['id']}").status == 200
            if stage != "done":
                assert three.demand_equal()[-1]["age"] == 3
