"""Log lines, plain or JSON, on stderr: what they say is in `lines`, who writes them in `writer`."""

import logging
import sys
from collections.abc import Iterable
from types import TracebackType

from app.config import Settings
from app.logs.lines import FORMATS, places
from app.logs.writer import Writer

__all__ = ["configure", "places"]

# Loggers of libraries that tell every step at INFO; where `uvicorn` is the command it has set its own level already.
_CHATTY = ("uvicorn.error", "alembic")
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")


def configure(settings: Settings, worker: int | None = None) -> None:
    """Send every logger of the process to stderr in the format and from the level of the settings; with the number of
    the worker that says it, where there are several."""
    handler = Writer(sys.stderr.fileno()) if sys.stderr else logging.NullHandler()  # None: started with it closed
    handler.setFormatter(FORMATS[settings.log_format](worker))
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for name in _CHATTY:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level or logging.WARNING, logging.getLogger().level))
    _take_over(map(logging.getLogger, _UVICORN))
    sys.excepthook = _log_uncaught
    logging.raiseExceptions = False  # a line that cannot be written would have its arguments printed instead
    for fact in ("logThreads", "logMultiprocessing", "logProcesses", "logAsyncioTasks", "_srcfile"):
        setattr(logging, fact, None)  # no line shows these; each takes time (Python's logging HOWTO, "Optimization")


def _take_over(loggers: Iterable[logging.Logger]) -> None:
    for logger in loggers:
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # its lines have the query string, and so what was searched for


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger("app").critical("unexpected end", exc_info=(kind, error, trace))
