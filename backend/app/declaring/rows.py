"""The database, if there is one: would records lose something? The revision asks again, when it runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from app import embedded, libpq
from app.config import Settings
from app.declaring.collections import Refused
from app.declaring.tables import Change
from app.embedded import EmbeddedError
from app.sql import quoted


def demand_no_loss(changes: Sequence[Change], settings: Settings) -> str:
    """Raises `Refused` where a record would lose a field. A remark if the database does not say."""
    losing = [change for change in changes if change.lost]
    if not losing:
        return ""
    try:
        with _database(settings) as dsn:
            for change in losing if dsn else []:
                _demand_empty(dsn, change)
    except (psycopg.Error, EmbeddedError) as error:
        return f"The database was not asked whether records would lose fields: {' '.join(str(error).split())}"
    return ""


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """Its DSN; empty if there is none yet."""
    if settings.database_url:
        yield settings.database_url.get_secret_value()
    elif (settings.data_dir / "pg").exists():
        with embedded.available(settings.data_dir) as dsn:
            yield dsn
    else:
        yield ""


def _demand_empty(dsn: str, change: Change) -> None:
    name = change.after.name
    with libpq.connect(dsn) as connection:
        there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [quoted(name)]).fetchone() == (True,)
        if there and connection.execute(f"SELECT EXISTS (SELECT FROM {quoted(name)})".encode()).fetchone() == (True,):
            lost = ", ".join(change.lost)
            raise Refused(f"The table {name} has records, which would lose {lost}: {_WAY_OUT}")


_WAY_OUT = "export them (scripts/export_db_json.py) and begin anew (`make reset`), or declare for another DATABASE_URL."
