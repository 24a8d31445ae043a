"""What documents repeat of the code. `python -m tests.docs.regenerate` (`make fix`) writes it anew."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from app.command_line import FLAGS, MISSING, Flag, Missing
from app.config import Settings
from app.cutover.differences import DIFFERENCES, Difference
from app.main import create_app
from tests.docs.pages import DOCS, SPECS


def description() -> dict[str, Any]:
    """What the app answers at /openapi.json."""
    settings = Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none"))
    return create_app(settings).openapi()


def _openapi(_: str) -> str:
    return yaml.safe_dump(description(), sort_keys=False, allow_unicode=True, width=120)


def _compatibility(text: str) -> str:
    rows = ["| json-server | this server | why |", "|---|---|---|", *map(_row, DIFFERENCES)]
    flags = ["| json-server | here |", "|---|---|", *map(_flag, FLAGS), *map(_flag, MISSING)]
    return _replaced(_replaced(text, "flags", "\n".join(flags)), "differences", "\n".join(rows))


def _flag(flag: Flag | Missing) -> str:
    says = flag.does if isinstance(flag, Flag) else f"{'stops: ' if flag.matters else 'not needed: '}{flag.instead}"
    return f"| {', '.join(f'`{name}`' for name in flag.names)} | {says} |"


def _replaced(text: str, name: str, content: str) -> str:
    """The text with new content between the marks of this name."""
    block = re.compile(rf"(<!-- {name}: begin .*?-->\n).*(<!-- {name}: end -->)", re.DOTALL)
    return block.sub(lambda marks: f"{marks[1]}{content}\n{marks[2]}", text)


def _row(difference: Difference) -> str:
    releases = ", ".join(release.removeprefix("1.0.0-") for release in difference.releases)
    who = "" if len(difference.releases) == len(DIFFERENCES[0].releases) else f"({releases}) "
    cells = (f"{who}{difference.theirs}", difference.ours, difference.why)
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


# Document -> its text made from its text as it is.
GENERATED: Mapping[Path, Callable[[str], str]] = {
    SPECS / "contracts" / "openapi.yaml": _openapi,
    DOCS / "json-server-compatibility.md": _compatibility,
}


if __name__ == "__main__":
    for path, made in GENERATED.items():
        path.write_text(made(path.read_text() if path.exists() else ""))
