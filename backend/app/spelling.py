"""Names that look like settings and are none: a default counts instead, and somebody should know."""

import logging
import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import parse_stream

from app.config import ENCODING, Settings

log = logging.getLogger(__name__)

_OF_THE_ENVIRONMENT = ("FORWARDED_ALLOW_IPS",)
_NEAR = 0.75  # as PROT is to PORT; HOSTNAME is not so near to HOST
_SLIP = 1  # characters too many or too few; who has set a name that is longer than that beside the right one means both


def warn() -> None:
    """Log them."""
    for sentence in ignored():
        log.warning("ignored: %s", sentence)


def ignored() -> Iterator[str]:
    """A sentence for each unknown name in `backend/.env`, and each in the environment that is nearly a setting's."""
    settings = [name.upper() for name in Settings.model_fields]
    written = list(_written())
    yield from _unknown(written, settings)
    yield from _misspelt([name.upper() for name in os.environ], written, [*settings, *_OF_THE_ENVIRONMENT])


def _unknown(written: Sequence[str], settings: Sequence[str]) -> Iterator[str]:
    for name in written:
        if name in _OF_THE_ENVIRONMENT:
            yield f"{name} in .env, which counts in the environment only"
        elif name not in settings:
            yield f"{name} in .env, which is no setting{_meant(name, settings)}"


def _misspelt(present: Sequence[str], written: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    unset = {*known} - {*present, *written}
    for name in {*present} - {*known}:
        near = [one for one in known if one in unset or abs(len(one) - len(name)) <= _SLIP]
        if meant := _meant(name, near):
            yield f"{name}, which is no setting{meant}"


def _meant(name: str, settings: Sequence[str]) -> str:
    """With a prefix it is another program's, PG... libpq's."""
    near = get_close_matches(name, settings, 1, _NEAR)
    foreign = name.startswith("PG") or (near and name.endswith(f"_{near[0]}"))
    return f": {near[0]} was probably meant" if near and not foreign else ""


def _written() -> Iterator[str]:
    """The names in `backend/.env`; what stands there without a `=` may be anything, a password too."""
    file = Settings.model_config.get("env_file")
    if isinstance(file, Path) and file.is_file():
        with file.open(encoding=ENCODING) as stream:
            bound = [line.key for line in parse_stream(stream) if line.key and line.value is not None]
            yield from (name.upper() for name in bound if name.isidentifier())
