"""An embedded database taken away for good."""

import shutil
from pathlib import Path

from app.embedded.holding import held, log_of_the_last_one


def remove(data_dir: Path) -> None:
    """Remove the cluster of this data directory, with everything in it, and what was noted of it. Nothing else goes.

    It leaves its place by one rename: a start after a removal that was killed finds all of it or nothing. Raises
    `EmbeddedError` while a server has the directory, and `OSError`.
    """
    home, leaving = data_dir / "pg", data_dir / "pg.leaving"
    with held(data_dir, "make reset") as record, log_of_the_last_one(data_dir) as log:
        _remove(leaving)
        if home.exists():
            home.rename(leaving)
            _remove(leaving)
        for note in (log, record):
            Path(note.name).unlink()


def _remove(home: Path) -> None:
    """The directory, or where root serves perhaps a link to it."""
    if home.exists():
        shutil.rmtree(home.resolve())
    if home.is_symlink():
        home.unlink()
