"""Files are written all or not at all, formatted, and only where git would bring back what was there."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.config import BACKEND
from app.declaring.collections import Refused

_FINISHING = (("-m", "ruff", "check", "--fix", "--quiet", "--exit-zero"), ("-m", "ruff", "format", "--quiet"))

Texts = Mapping[Path, str]
"""By path from `backend/`."""


def demand_committed(texts: Texts) -> None:
    """Raises `Refused` where git could not bring back what stands in one of the files."""
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--ignored", "-z", "--", *map(str, texts)]
    done = subprocess.run(command, cwd=BACKEND, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused("This is no checkout of git, which could bring back what is overwritten: `git init`, and commit.")
    if changed := sorted(entry[3:] for entry in done.stdout.split("\0") if entry):
        raise Refused(f"There are uncommitted changes in {', '.join(changed)}: commit them first, or take them back.")


def finished(texts: Texts) -> dict[Path, str]:
    """The texts as `make fix` leaves them, tried in a copy. Raises `Refused` if no server could start with them."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(BACKEND / "app", copy / "app", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(BACKEND / "pyproject.toml", copy)
        for path, text in texts.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_text(text)
        for command in _FINISHING:
            _python(copy, *command, *map(str, texts))
        _python(copy, "-W", "error", "-c", "import app.main")
        return {path: (copy / path).read_text() for path in texts}


def write(texts: Texts) -> None:
    """Raises `Refused`; then every file is as it was."""
    before = {path: (BACKEND / path).read_bytes() if (BACKEND / path).exists() else None for path in texts}
    try:
        for path, text in texts.items():
            _replace(BACKEND / path, text.encode())
    except OSError as error:
        for path, content in before.items():
            _restore(BACKEND / path, content)
        raise Refused(f"{error.filename}: {error.strerror}. Everything is as it was.") from None


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif path.read_bytes() != content:
        _replace(path, content)


def _python(folder: Path, *command: str) -> None:
    done = subprocess.run([sys.executable, *command], cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(
            f"The declaration would not fit together: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
        )
