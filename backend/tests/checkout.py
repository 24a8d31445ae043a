"""The working tree once more, for tests that build or change it."""

import shutil
import subprocess
from pathlib import Path

from app.config import BACKEND

_ROOT = BACKEND.parent


def check_out(target: Path) -> None:
    """The working tree's files as git would commit them: nothing ignored, nothing built."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.check_output(listed, cwd=_ROOT, text=True).split("\0")):
        if (_ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(_ROOT / name, target / name)
