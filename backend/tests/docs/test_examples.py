"""Every `sh` block of README and docs runs as it stands, in a fresh copy with its server; shown answers are true.

Those of architecture.md build on each other: test_steps.py runs them in turn.
What cannot be run here (a dashboard, a container engine, the frontend's own project) is marked `text`. Of `make` it is
only seen that it knows what to do: it installs, serves without end, or runs these tests.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.needs import program

EXAMPLES = [block for page in PAGES if page.name != "architecture.md" for block in blocks(page, "sh")]


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_an_example_runs(block: Block, clone: Callable[[str], str]) -> None:
    if "curl" in block.text:
        program("curl")
    script = re.sub(r"^(\s*)make\b", r"\1make --dry-run", block.text, flags=re.MULTILINE)
    if block.answer is None:
        script = script.replace("curl -s", "curl --silent --fail-with-body")
    output = clone(script)
    if block.answer is not None:
        assert matches(json.loads(output), json.loads(block.answer)), output


def matches(found: Any, shown: Any) -> bool:
    """Equal, where `…` in what is shown stands for any value."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return found.keys() == shown.keys() and all(matches(found[name], shown[name]) for name in shown)
    if isinstance(shown, list) and isinstance(found, list):
        return len(found) == len(shown) and all(map(matches, found, shown))
    return shown in ("…", found)


# GNU's forms of what macOS has otherwise, and programs that it lacks.
NOT_ON_MACOS = re.compile(
    r"\b(sed -[a-z]*[ir]|grep -[a-z]*P|xargs -[dr]|date -d|stat -c|mktemp --|timeout|nproc|sha256sum|setsid|tac)\b"
)


def test_what_people_run_is_there_on_macos_too() -> None:
    texts = {str(block): block.text for page in PAGES for block in blocks(page) if block.info in ("sh", "text")}
    texts["Makefile"] = (ROOT / "Makefile").read_text()
    found = {place: match[0] for place, text in texts.items() if (match := NOT_ON_MACOS.search(text))}
    assert found == {}


def test_each_block_says_what_it_is() -> None:
    known = {"sh", "text", "js", "ts", "json", "diff", "python", "sql", "yaml", ""}
    assert {block.info for page in PAGES for block in blocks(page)} <= known
    assert len(EXAMPLES) > 8
