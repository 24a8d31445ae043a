"""`python -m app`: the server, in every environment.

With DATABASE_URL it serves that database as it is. Without (development only) it brings a PostgreSQL of its own, the
schema and some patients. What the person at the terminal can mend is one line on stderr and exit code 2.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from pydantic import SecretStr

from app import banner, config, libpq, logs
from app.config import Settings, SettingsError
from app.embedded import EmbeddedError, ensure_free
from app.main import NOT_STARTED, create_app
from app.server import ListenError, listen, serve, url_of

log = logging.getLogger("app")


_HELP = """Serve patients from PostgreSQL as json-server would, until Ctrl-C or SIGTERM.

Settings are environment variables or lines of backend/.env; backend/.env.example and docs/operations.md explain each.
Without DATABASE_URL a PostgreSQL of its own is started, and db.json imported into it the first time.

examples, in backend/:
  python -m app
  PORT=9000 python -m app
  DATABASE_URL=postgresql://user@host/patients python -m app
"""


def main() -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code."""
    formatter = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser("python -m app", description=_HELP, formatter_class=formatter).parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the server takes both, one way to stop a start
    try:
        run(config.load())
    except (SettingsError, EmbeddedError, ListenError) as error:
        print(f"{NOT_STARTED} {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def run(settings: Settings) -> None:
    logs.configure(settings)
    warn(settings)
    if settings.database_url is None:
        ensure_free(settings.data_dir)
    with listen(settings.host, settings.port) as listener, database(settings, url_of(listener)) as (dsn, where):
        settings = settings.model_copy(update={"database_url": SecretStr(dsn)})
        serve(create_app(settings), settings, listener, announcement(settings, url_of(listener), dsn, where))


def warn(settings: Settings) -> None:
    """Say what is set in a way that somebody may not expect."""
    if settings.environment == "production" and settings.cors_origins is None:
        log.warning("CORS_ORIGINS is not set: no page of another origin may read this API")
    if os.environ.get("WEB_CONCURRENCY", "1") not in {"", "0", "1"}:
        log.warning("WEB_CONCURRENCY is ignored: one process serves")


@contextmanager
def database(settings: Settings, url: str) -> Iterator[tuple[str, str]]:
    """The DSN to serve from, and in words where that is."""
    if settings.database_url:
        dsn = settings.database_url.get_secret_value()
        yield dsn, libpq.place(dsn)
        return
    from app.development import embedded_database  # noqa: PLC0415 migrations and importer take time no server needs

    with embedded_database(settings, url) as dsn:
        yield dsn, str(settings.data_dir)


def announcement(settings: Settings, url: str, dsn: str, where: str) -> Callable[[], None]:
    """What to do once requests are answered: a banner for a person, a line for a log."""
    if settings.environment == "production":
        return partial(log.info, "serving on %s, database %s", url, where)
    return partial(print, banner.text(url, where, banner.look(dsn, settings), settings.dialects), flush=True)


if __name__ == "__main__":
    sys.exit(main())
