"""The documents as data: pages, fenced blocks, tables."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.config import BACKEND

ROOT = BACKEND.parent
DOCS = ROOT / "docs"
SPECS = ROOT / "specs" / "003-fastapi-postgresql"
_TOP = (ROOT / "README.md", ROOT / "CHANGELOG.md", BACKEND / "README.md")
PAGES = (*_TOP, *sorted(DOCS.glob("*.md")), *sorted(SPECS.glob("*.md")))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: where it begins, its info string ("sh" is run, "text" is not), and the JSON that answers it."""

    page: Path
    line: int
    info: str
    text: str
    answer: str | None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path, info: str | None = None) -> Iterator[Block]:
    text = page.read_text()
    found = list(_FENCE.finditer(text))
    for block, following in zip(found, [*found[1:], None], strict=False):
        between = text[block.end() : following.start()] if following else None
        answer = following[2] if following and following[1] == "json" and between == "\n\n" else None
        line = text.count("\n", 0, block.start()) + 1
        if info in (None, block[1]):
            yield Block(page, line, block[1], block[2], answer)


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of every table below a heading, without head and rule."""
    section = f"\n{page.read_text()}".partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    tables = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line[:1] == "|"
    ]
    rules = {n for n, cells in enumerate(tables) if set("".join(cells)) <= set("-| ")}
    return [cells for n, cells in enumerate(tables) if n not in rules and n + 1 not in rules]


def code(text: str) -> list[str]:
    """What stands in backquotes, outside of fenced blocks."""
    return re.findall(r"`([^`]+)`", _FENCE.sub("", text))
