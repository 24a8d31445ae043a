"""What a start says on the terminal, in json-server's spirit: where it is, what is there, how to stop."""

from collections.abc import Sequence
from typing import NamedTuple

import psycopg

from app import __version__, libpq, outages
from app.config import Settings

_LOOK = "SELECT current_setting('server_version'), (SELECT count(*) FROM patients)"


class Contents(NamedTuple):
    """A database as it is at the start: a phrase for its state, and how many patients it has (None: cannot be told)."""

    state: str
    patients: int | None


def look(dsn: str, settings: Settings) -> Contents:
    """Ask the database, for a moment only: it need not be there yet."""
    try:
        with libpq.connect(dsn, patience=settings.db_connect_timeout) as connection:
            version, patients = connection.execute(_LOOK).fetchone() or ("?", None)
    except psycopg.errors.UndefinedTable:
        return Contents("no schema yet: run `alembic upgrade head`", None)
    except psycopg.OperationalError:
        return Contents("does not answer at the moment: requests get 503 until it does", None)
    except psycopg.Error as error:
        return Contents(outages.reason(error), None)
    return Contents(f"PostgreSQL {version.split('.')[0]}", patients)


def text(
    url: str,
    where: str,
    contents: Contents,
    dialects: Sequence[tuple[str, str]],
    *,
    network: str = "",
    remark: str = "",
) -> str:
    """The banner. `where` says where the data live, `dialects` are `Settings.dialects`.

    `network` is where others find the server, if they do; `remark` is what else there is to say of the data.
    """
    (_, spoken), (other, others) = dialects
    known = f"\nIn the network: {network} (everybody there may read, change and delete patients)" if network else ""
    more = f"{remark}\n" if remark else ""
    count = "" if contents.patients is None else f"   {contents.patients} patient{'s' * (contents.patients != 1)}"
    return f"""
Patients API {__version__} started on {url}{known}
Press Ctrl-C to stop

Endpoints:
{url}/patients{count}
{url}/docs
{url}/health

Answers:
as json-server {spoken} does where a request does not tell ({others}: JSON_SERVER_DIALECT={other})

Data:
{where} ({contents.state})
{more}"""
