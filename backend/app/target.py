"""The database that a script works on: DATABASE_URL's, or else the embedded one of DATA_DIR."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app import config, embedded, seed, spelling
from app.importer.connection import DatabaseFailed


@contextmanager
def database() -> Iterator[str]:
    """Its DSN, for libpq. The embedded PostgreSQL is started, unless a server runs it already, and has the schema.

    Raises `DatabaseFailed`.
    """
    try:
        settings = config.load()
        spelling.warn()
        if settings.database_url:
            yield settings.database_url.get_secret_value()
            return
        from app.development import upgrade  # noqa: PLC0415 only here are migrations needed

        with embedded.available(settings.data_dir) as dsn:
            upgrade(dsn)
            yield dsn
    except (config.SettingsError, embedded.EmbeddedError) as error:
        raise DatabaseFailed(str(error)) from error


def remember(file: Path, left: Sequence[str]) -> None:
    """Note that an embedded database holds what this file says, so that a start need not warn that it has changed."""
    settings = config.load()
    if not settings.database_url:
        with suppress(OSError):  # then it warns without need
            seed.remember(file, settings.data_dir, left)
