"""The working tree once more, for tests that build or change it."""

import shutil
import subprocess
import sys
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


def clone(target: Path) -> Path:
    """A checkout with all of it committed. Returns its `backend`, whose environment is this one."""
    check_out(target)
    (target / "backend" / ".venv").symlink_to(sys.prefix)
    for command in ("init -q -b main", "add --all", "-c user.name=a -c user.email=a@example.org commit -q -m shipped"):
        subprocess.run(["git", *command.split()], cwd=target, check=True)
    return target / "backend"
