"""Folders of a test's own that anybody can enter: when root tests, PostgreSQL's user must get in."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder(purpose: str = "test") -> Iterator[Path]:
    """It is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"patients-{purpose}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
