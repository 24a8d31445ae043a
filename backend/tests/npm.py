"""What tests need from npm: the packages of a folder's own lock file, installed beside it once."""

import fcntl
import subprocess
from pathlib import Path

from tests.needs import program


def installed(folder: Path) -> Path:
    """The folder's `node_modules`, as its `package-lock.json` has it. Without Node the test is skipped."""
    for name in ("node", "npm"):
        program(name)
    modules, lock = folder / "node_modules", folder / "package-lock.json"
    stamp = modules / ".package-lock.json"  # npm's own record of what it installed
    with lock.open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # processes that share the tests install one after the other
        if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run(["npm", "ci"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            stamp.touch()
    return modules
