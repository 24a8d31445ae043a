"""What migrations run on: the DSN that the caller passes, DATABASE_URL, or else the embedded PostgreSQL of DATA_DIR.

Any number of `alembic upgrade head` may run at once (two deploys, two instances): each revision runs once.
"""

import logging
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import OperationalError

from app import config, embedded, libpq, outages, resources, spelling  # noqa: F401 `resources` declares the tables
from app.resource.columns import Base, is_accelerator

_LOCK = 1885434473  # "pati": any number that no other program locks in this database


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        include_name=lambda name, *_: not is_accelerator(name),
    )
    with context.begin_transaction():
        # Before Alembic reads the current revision. Of the transaction, so that it works through a pooler too.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        context.run_migrations()


def run_on(dsn: str) -> None:
    """psycopg gets the DSN untouched: libpq knows lists of hosts and socket directories, SQLAlchemy does not."""
    engine = create_engine("postgresql+psycopg://", creator=partial(libpq.connect, dsn), poolclass=NullPool)
    with engine.connect() as connection:
        run(connection)


def database() -> AbstractContextManager[str]:
    settings = config.load()
    spelling.warn()
    if settings.database_url:
        return nullcontext(settings.database_url.get_secret_value())
    return embedded.available(settings.data_dir)


def main() -> None:
    if given := context.config.attributes.get("dsn"):
        return run_on(given)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)
    try:
        with database() as dsn:
            run_on(dsn)
    except (config.SettingsError, embedded.EmbeddedError) as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError(f"nothing was migrated: {outages.reason(error.orig or error)}") from error


main()
