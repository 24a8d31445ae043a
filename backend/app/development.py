"""What a developer's machine gets before serving: PostgreSQL, the schema, and patients to begin with."""

import atexit
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from pydantic import SecretStr

from app import libpq
from app.config import BACKEND, Settings
from app.embedded import EmbeddedError, postgres
from app.importer.mistaken import absent

log = logging.getLogger(__name__)

# Deleting every patient must not bring the seed back: a sequence that ever gave a number says the table was used.
_NEVER_USED = "SELECT NOT EXISTS (SELECT FROM patients) AND NOT is_called FROM patients_position_seq"
_WHY_NOT = "`python scripts/migrate_db_json.py` on the same file says which did not, and why"


@contextmanager
def embedded_database(settings: Settings, url: str) -> Iterator[str]:
    """The embedded PostgreSQL of DATA_DIR with the schema in it, and SEED_FILE's patients if it was never used.

    Raises `EmbeddedError`.
    """
    with postgres(settings.data_dir, url=url) as dsn:
        upgrade(dsn)
        if settings.seed_file:
            _seed(dsn, settings.seed_file, settings.data_dir / "seeding")
        yield dsn


def with_database(settings: Settings) -> Settings:
    """The settings as they are if they name a database, else with the embedded one's, for the life of the process.

    For servers that start the application without `python -m app`. Raises `EmbeddedError`.
    """
    if settings.database_url:
        return settings
    lifetime = ExitStack()
    dsn = lifetime.enter_context(embedded_database(settings, "a server that was given app.main:app"))
    atexit.register(lifetime.close)
    return settings.model_copy(update={"database_url": SecretStr(dsn)})


def upgrade(dsn: str) -> None:
    """`alembic upgrade head` on this database, in this process. Raises `EmbeddedError`."""
    config = Config(BACKEND / "alembic.ini")
    config.attributes["dsn"] = dsn
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise EmbeddedError(f"the schema was made by newer code than this, it seems: {error}") from error


def _seed(dsn: str, file: Path, unfinished: Path) -> None:
    """Import the file unless the database was used. `unfinished` stands while it runs, for a start that was killed."""
    if not unfinished.exists() and not _never_used(dsn):
        return
    if not file.exists():
        why = absent(file) or "it does not exist"
        log.warning("SEED_FILE %s: there are no patients to begin with; %s", file, why)
        return
    from app.importer.run import import_file  # noqa: PLC0415 a start that has nothing to import need not load it

    unfinished.touch()
    report = import_file(file, dsn)
    unfinished.unlink()
    if report.status != "complete":
        came, of = report.totals["migrated"], report.totals["records"]
        why = report.sentence or report.strangers or _WHY_NOT
        log.warning("SEED_FILE %s: %d of %d records came in. %s", file, came, of, why)


def _never_used(dsn: str) -> bool:
    with libpq.connect(dsn) as connection:
        return connection.execute(_NEVER_USED).fetchone() == (True,)
