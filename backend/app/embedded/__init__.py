"""PostgreSQL for a machine that has none configured (development, tests): one cluster, run as our child.

What is found in the data directory:

    running.json   who serves from here (pid, url, dsn); locked as long as that process lives
    postgres.log   the database's own log, new at each start; locked as long as any process of that PostgreSQL lives
    pg/            PostgreSQL's own, 0700: `data/` is the cluster, and the socket is here too. A link to a directory
                   under /var/lib (macOS: /var/db) when root serves and PostgreSQL's user could not reach this one
    sockets        a link to where the socket is, if that path would be too long or odd for one

`binaries` finds the programs, `places` the directories and the user, `holding` keeps others out, `cluster` runs it,
`admission` lets only us in, `guard` ends it with us, `removing` takes it away. Nothing here is one system's: what is
tested on Linux runs on macOS.
"""

from app.embedded.cluster import available, postgres, running
from app.embedded.errors import EmbeddedError
from app.embedded.holding import ensure_free
from app.embedded.places import data_place
from app.embedded.removing import remove

__all__ = ["EmbeddedError", "available", "data_place", "ensure_free", "postgres", "remove", "running"]
