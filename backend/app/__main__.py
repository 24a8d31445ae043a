"""`python -m app`: the server, in every environment; and the few commands that stand beside it.

With DATABASE_URL it serves that database as it is. Without (development only) it starts a PostgreSQL for itself, the
schema and some records. What the person at the terminal can mend is one line on stderr and exit code 2.
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from socket import socket
from types import FrameType

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interruption while all this is loaded is no traceback

from pydantic import SecretStr

from app import banner, command_line, config, libpq, logs, past, replay, seed, spelling
from app.api import metrics
from app.api.refusals import refusal
from app.command_line import CommandLineError
from app.commands import COMMANDS
from app.config import Settings, SettingsError
from app.embedded import EmbeddedError, data_place, ensure_free
from app.main import NOT_STARTED, create_app
from app.resources import RESOURCES
from app.server import Crew, ListenError, Post, listen, network_url, serve, url_of

log = logging.getLogger("app")

WORKER = "worker"  # the word behind which a process is told which it is; its parent alone says it
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Serve until SIGINT or SIGTERM, or do what the first word says. Returns the exit code."""
    _hear(_stop)  # until the server takes both
    try:
        if command := _command(next(iter(sys.argv[1:]), "")):
            return command(sys.argv[2:])
        asked = command_line.parse(sys.argv[1:])
        return run(config.to_serve(**asked.settings), asked.notes)
    except (CommandLineError, SettingsError, EmbeddedError, ListenError) as error:
        print(f"{NOT_STARTED} {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    finally:
        _hear(signal.SIG_IGN)  # what is left is the exit code
    return 0


def _command(word: str) -> Callable[[Sequence[str]], int] | None:
    """What a first word asks for beside serving."""
    of_records = {"undo": past.undo, "forget": past.forget, "replay": replay.replay}
    if word == "cutover":
        from app.cutover.commands import cutover  # noqa: PLC0415 nothing of it is part of a server

        return partial(cutover, RESOURCES)
    if word == WORKER:
        return work
    return partial(of_records[word], RESOURCES) if word in of_records else COMMANDS.get(word)


def _hear(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in _SIGNALS:
        signal.signal(number, handler)


def _stop(*_: object) -> None:
    """End a start in order: who signals once more does not break that off."""
    _hear(signal.SIG_IGN)
    raise KeyboardInterrupt


def run(settings: Settings, notes: Sequence[str]) -> int:
    """Serve, in this process or by WORKERS. Returns the exit code."""
    logs.configure(settings)
    warn(settings, notes)
    if settings.database_url is None:
        ensure_free(settings.data_dir)
    with listen(settings.host, settings.port) as listeners, database(settings, url_of(listeners[0])) as (dsn, where):
        announce = announcement(settings, listeners[0], dsn, where)
        if settings.workers > 1:
            return _by_workers(settings, dsn, listeners, announce)
        settings = settings.model_copy(update={"database_url": SecretStr(dsn)})
        serve(create_app(settings), settings, listeners, announce, refusal(settings.allowed_origins))
    return 0


def _by_workers(settings: Settings, dsn: str, listeners: Sequence[socket], announce: Callable[[], None]) -> int:
    """What a worker is given is what its parent alone knows: the rest it reads for itself, as it is by then."""
    command = [sys.executable, "-m", "app", WORKER, *sys.argv[1:]]
    brought = {} if settings.database_url else {"DATABASE_URL": dsn}
    with metrics.of_all() as (place, gone):
        given = {"WORKERS": str(settings.workers), **brought, **place}
        crew = Crew(command, given, listeners, settings.shutdown_timeout, gone)
        return asyncio.run(crew.work(settings.workers, partial(_announce_all, settings, dsn, announce)))


def _announce_all(settings: Settings, dsn: str, announce: Callable[[], None]) -> None:
    announce()
    connections = settings.workers * (settings.db_pool_size + 1)
    room = None if settings.db_pooled else libpq.room(dsn)  # else a pooler has as many as it likes
    if room is not None and connections > room:
        log.warning(
            "WORKERS=%d may open %d connections, PostgreSQL has %d for all", settings.workers, connections, room
        )


def work(arguments: Sequence[str]) -> int:
    """Be a worker: what follows is what its parent was started with, and at the end the post that it gives."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the parent's business, whoever sends it to all
    *typed, last = arguments
    settings, post = config.to_serve(**command_line.parse(typed).settings), Post.parsed(last)
    logs.configure(settings, post.number)
    share = settings.share
    serve(create_app(share), share, post.sockets(), post.take, refusal(share.allowed_origins), shared=True)
    return 0


def warn(settings: Settings, notes: Sequence[str]) -> None:
    """Say what is set in a way that somebody may not expect."""
    for note in notes:
        log.warning(note)
    spelling.warn()
    if settings.environment == "production" and settings.cors_origins is None:
        log.warning("CORS_ORIGINS is not set: no page of another origin may read this API")
    if "keys" in settings.demanded and not settings.api_keys:
        log.warning("API_KEYS is not set: nobody has a key")
    if os.environ.get("WEB_CONCURRENCY", "1") not in {"", "0", "1"}:
        log.warning("WEB_CONCURRENCY is ignored: WORKERS says how many processes serve")


@contextmanager
def database(settings: Settings, url: str) -> Iterator[tuple[str, str]]:
    """The DSN to serve from, and in words where that is."""
    if settings.database_url:
        dsn = settings.database_url.get_secret_value()
        yield dsn, libpq.place(dsn)
        return
    from app.development import embedded_database  # noqa: PLC0415 migrations and importer take time no server needs

    with embedded_database(settings, url) as dsn:
        yield dsn, data_place(settings.data_dir)


def announcement(settings: Settings, listener: socket, dsn: str, where: str) -> Callable[[], None]:
    """What to do once requests are answered: a banner for a person, a line for a log."""
    url = url_of(listener)
    if settings.environment == "production":
        return partial(log.info, "serving on %s, database %s", url, where)
    if network := network_url(listener):
        said = "may ask for" if settings.demanded else "may read, change and delete"
        log.warning(
            "HOST=%s: everybody in the network %s %s, at %s",
            settings.host,
            said,
            " and ".join(resource.path for resource in RESOURCES),
            network,
        )
    if not log.isEnabledFor(logging.INFO):
        return _say_nothing
    contents, remark = banner.look(dsn, settings, RESOURCES), seed.remark(settings)
    text = banner.text(
        url + (settings.base_path or ""), where, RESOURCES, contents, settings.dialects, network=network, remark=remark
    )
    return partial(print, text, flush=True)


def _say_nothing() -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
