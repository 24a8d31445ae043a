"""What a developer's machine gets before serving: PostgreSQL, the schema, and records to begin with."""

import atexit
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from pydantic import SecretStr

from app import seed
from app.config import BACKEND, Settings
from app.embedded import EmbeddedError, postgres
from app.resources import RESOURCES


@contextmanager
def embedded_database(settings: Settings, url: str) -> Iterator[str]:
    """The embedded PostgreSQL of DATA_DIR with the schema in it, and SEED_FILE's records if it was never used.

    Raises `EmbeddedError`.
    """
    with postgres(settings.data_dir, url=url) as dsn:
        upgrade(dsn)
        if settings.seed_file:
            seed.plant(dsn, settings.seed_file, settings.data_dir, RESOURCES)
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
