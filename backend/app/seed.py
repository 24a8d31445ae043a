"""The json-server file that an embedded database begins with (SEED_FILE), and what has become of it since.

It is imported once, and DATA_DIR remembers which file that was.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app import libpq
from app.config import Settings
from app.importer.mistaken import absent
from app.resource.resource import Resource

log = logging.getLogger(__name__)

# Deleting every record must not bring the seed back: a sequence that ever gave a number says the table was used.
_NEVER_USED = "NOT EXISTS (SELECT FROM {table}) AND pg_sequence_last_value({sequence}::regclass) IS NULL"
_WHY_NOT = "`python scripts/migrate_db_json.py` on the same file says which did not, and why"
_OTHERS = "`make declare FILE=...` writes the code that serves them"
_RECORD = "seeded.json"
_ANEW = "`make reset` begins anew with it"


def plant(dsn: str, file: Path, data_dir: Path, resources: Sequence[Resource]) -> None:
    """Import the file unless the database was used. `seeding` stands while it runs, for a start that was killed."""
    unfinished = data_dir / "seeding"
    if not unfinished.exists() and not _never_used(dsn, resources):
        return
    if not file.exists():
        why = absent(file) or "it does not exist"
        log.warning("SEED_FILE %s: there is nothing to begin with; %s", file, why)
        return
    from app.importer.run import import_file  # noqa: PLC0415 a start that has nothing to import need not load it

    unfinished.touch()
    report = import_file(file, dsn, resources)
    if not report.sentence:
        remember(file, data_dir, report.left)
    unfinished.unlink()
    if report.status != "complete":
        came, of = report.totals["migrated"], report.totals["records"]
        why = report.sentence or "; ".join([*report.strangers, _OTHERS] if report.strangers else [_WHY_NOT])
        log.warning("SEED_FILE %s: %d of %d records came in. %s", file, came, of, why)


def remember(file: Path, data_dir: Path, left: Sequence[str]) -> None:
    """Note that the records are this file's, as it is now, and what of it is `left`: names with the reason."""
    record = {"file": str(file.resolve()), "sha256": _digest(file), "left": left}
    (data_dir / _RECORD).write_text(json.dumps(record))


def forget(data_dir: Path) -> None:
    """The database that began with it is gone."""
    (data_dir / _RECORD).unlink(missing_ok=True)


def remark(settings: Settings) -> str:
    """A sentence if SEED_FILE is there and is not, or not all of it, what the database began with; else empty."""
    file = settings.seed_file
    if not file or not file.is_file():
        return ""
    if settings.database_url:
        given = "seed_file" in settings.model_fields_set
        return f"{file} is not read: DATABASE_URL is set (`scripts/migrate_db_json.py` imports)" if given else ""
    return _standing(file, settings.data_dir / _RECORD)


def _standing(file: Path, record: Path) -> str:
    if not record.exists():
        return f"{file} is not read: the database was used before. {_ANEW}"
    began: dict[str, Any] = json.loads(record.read_text())
    if began["sha256"] == _digest(file):
        return f"of {file} is not served: {', '.join(began['left'])}" if began.get("left") else ""
    if began["file"] == str(file.resolve()):
        return f"{file} has changed since it was imported, and is not read again. {_ANEW}"
    return f"{file} is not read: the records here began with {began['file']}. {_ANEW}"


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _never_used(dsn: str, resources: Sequence[Resource]) -> bool:
    tests = [_NEVER_USED.format(table=one.sql, sequence=one.sequence("position")) for one in resources]
    with libpq.connect(dsn) as connection:
        return connection.execute(f"SELECT {' AND '.join(tests)}".encode()).fetchone() == (True,)
