"""What migrations run on: the DSN that the caller passes, DATABASE_URL, or else the embedded PostgreSQL of DATA_DIR.

Any number of `alembic upgrade head` may run at once (two deploys, two instances): each revision runs once.
"""

import logging
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from alembic import context
from alembic.operations.ops import CreateTableOp, ExecuteSQLOp, MigrationScript
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import OperationalError

from app import config, embedded, libpq, outages, resources, spelling  # noqa: F401 `resources` declares the tables
from app.imports import tables as of_imports  # noqa: F401 it declares them
from app.people import tables  # noqa: F401 it declares them
from app.resource import journal
from app.resource.columns import Base, is_accelerator
from app.sql import quoting

_LOCK = 1885434473  # "pati": any number that no other program locks in this database


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        include_object=_is_compared,
        include_name=lambda name, *_: not is_accelerator(name),
        process_revision_directives=_journal_new_tables,
    )
    with context.begin_transaction():
        # Before Alembic reads the current revision. Of the transaction, so that it works through a pooler too.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        context.run_migrations()
        connection.exec_driver_sql(journal.NEW_EPOCH)


def _is_compared(thing: Any, name: str | None, kind: str, *_: object) -> bool:
    """All but the journal's epoch, whose default is another one where a dump was restored."""
    return (kind, name) != ("column", "epoch") or thing.table.name != journal.TABLE.name


def _journal_new_tables(_: object, __: object, directives: list[MigrationScript]) -> None:
    """A revision that makes a resource's table puts its changes on record."""
    for operations in (script.upgrade_ops for script in directives):
        made = [one for one in (operations.ops if operations else ()) if isinstance(one, CreateTableOp)]
        listed = [one.table_name for one in made if "position" in {getattr(c, "name", "") for c in one.columns}]
        if operations:
            operations.ops.extend(ExecuteSQLOp(journal.journaled(name)) for name in listed)


def run_on(dsn: str) -> None:
    """psycopg gets the DSN untouched: libpq knows lists of hosts and socket directories, SQLAlchemy does not."""
    engine = create_engine("postgresql+psycopg://", creator=partial(libpq.connect, dsn), poolclass=NullPool)
    quoting(engine.dialect)
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
