"""What a start says on the terminal, in json-server's spirit: where it is, what is there, how to stop."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import psycopg

from app import NAME, __version__, libpq, outages
from app.config import Settings
from app.resource.resource import Resource


class Contents(NamedTuple):
    """A database as it is at the start: a phrase for its state, and how many records each resource has, if it says."""

    state: str
    counts: Mapping[Resource, int]


def look(dsn: str, settings: Settings, resources: Sequence[Resource]) -> Contents:
    """Ask the database, for a moment only: it need not be there yet."""
    counts = ", ".join(f"(SELECT count(*) FROM {resource.sql})" for resource in resources)
    try:
        with libpq.connect(dsn, patience=settings.db_connect_timeout) as connection:
            asked = connection.execute(f"SELECT current_setting('server_version'), {counts}".encode())
            version, *found = asked.fetchone() or ("?",)
    except psycopg.errors.UndefinedTable:
        return Contents("no schema yet: run `alembic upgrade head`", {})
    except psycopg.OperationalError:
        return Contents("does not answer at the moment: requests get 503 until it does", {})
    except psycopg.Error as error:
        return Contents(outages.reason(error), {})
    return Contents(f"PostgreSQL {version.split('.')[0]}", dict(zip(resources, found, strict=True)))


def text(
    url: str,
    where: str,
    resources: Sequence[Resource],
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
    everything = " and ".join(resource.path for resource in resources)
    known = f"\nIn the network: {network} (everybody there may read, change and delete {everything})" if network else ""
    more = f"{remark}\n" if remark else ""
    lists = "\n".join(f"{url}/{resource.path}{_counted(resource, contents)}" for resource in resources)
    return f"""
{NAME} {__version__} started on {url}{known}
Press Ctrl-C to stop

Endpoints:
{lists}
{url}/docs
{url}/health

Answers:
as json-server {spoken} does where a request does not tell ({others}: JSON_SERVER_DIALECT={other})

Data:
{where} ({contents.state})
{more}"""


def _counted(resource: Resource, contents: Contents) -> str:
    """How many there are, behind the address."""
    count = contents.counts.get(resource)
    return "" if count is None else f"   {count} {resource.noun if count == 1 else resource.path}"
