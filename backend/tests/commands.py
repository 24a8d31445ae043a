"""Commands of ours as somebody types them, to their end: what they say, and their exit code."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from app import past
from app.commands import COMMANDS
from app.config import BACKEND
from app.resources import RESOURCES

Done = subprocess.CompletedProcess[str]

SECONDS = 120.0
_BESIDE: Mapping[str, Callable[[Sequence[str]], int]] = {
    "undo": partial(past.undo, RESOURCES),
    "forget": partial(past.forget, RESOURCES),
    **COMMANDS,
}


def ran(*command: object, stdin: str | None = None, folder: Path | str = BACKEND, **settings: str) -> Done:
    """Python with these arguments, in a process of its own; settings of its environment by keyword."""
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=os.environ | settings,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def typed(word: str, *arguments: str, stdin: str = "", **settings: str) -> Done:
    """`python -m app WORD …`, in this process: Python takes a second to load what they need."""
    said, wrong = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(wrong):
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", StringIO(stdin))
        code = _code(word, arguments)
    return Done([word, *arguments], code, said.getvalue(), wrong.getvalue())


def _code(word: str, arguments: Sequence[str]) -> int:
    try:
        return _BESIDE[word](arguments)
    except SystemExit as end:  # of argparse
        return int(end.code or 0)
