"""What the words of the command line say to the process that runs, through the operator's port; if none runs, to the
flags file."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from app.cutover.events import Events
from app.cutover.flags import FlagFile
from app.cutover.journal import JournalError, stage_of
from app.cutover.place import Place
from app.cutover.records import parsed

_LONG = 3600.0  # seconds: an import may take them
_SHORT = 10.0  # seconds for what is only told
_NOBODY = "No cutover runs with this folder (--state) or operator's port (--admin-port)."
USUAL_PORT = 8081
_USUAL = f"http://127.0.0.1:{USUAL_PORT}"


class Said(NamedTuple):
    """A text for the terminal, and the exit code: 1 where something speaks against it, 2 where nobody answers."""

    code: int
    text: str


class Unreached(Exception):
    """Who is meant gives no answer of a cutover; the text is a sentence."""


class Whom(NamedTuple):
    """Which process is meant: by its folder, or by its operator's port."""

    state: Path
    port: int | None

    def admin(self) -> str | None:
        """Where it is asked; without a port the folder's, or else whoever has the port that is not said. None where no
        process has the folder. Raises `Unreached`."""
        known = f"http://127.0.0.1:{self.port}" if self.port is not None else Place(self.state).admin()
        try:
            _facts(known or _USUAL)
        except Unreached:
            if known:
                raise
            return None
        return known or _USUAL


def stage(whom: Whom, wanted: Mapping[str, Any]) -> Said:
    said = _asked(whom, "PUT", "/stage", wanted)
    return _wanted(Place(whom.state), wanted) if said.text == _NOBODY else said


def verify(whom: Whom) -> Said:
    said = _asked(whom, "GET", "/verify.json")
    if said.code:
        return said
    unequal = json.loads(said.text)["unequal"]
    return Said(1, unequal) if unequal else Said(0, "Both sides are equal, in order.")


def status(whom: Whom) -> Said:
    return _asked(whom, "GET", "/status.json")


def give_up(whom: Whom, resource: str, identity: str) -> Said:
    return _asked(whom, "POST", "/given-up", {"resource": resource, "id": identity})


def _wanted(place: Place, wanted: Mapping[str, Any]) -> Said:
    """What the next process will do is written down for it."""
    name, file = wanted["stage"], FlagFile(place.flags)
    try:
        begins = stage_of(place.journal)
        if begins is None and name in ("new", "done"):
            return Said(2, f"No cutover runs or has run with this folder: {name} would lose what the old side has.")
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.changed() and file.fault:
            return Said(2, f"{place.folder}: {file.fault}. Mend it, or move it away.")
        file.write(file.good.model_copy(update={key: value for key, value in wanted.items() if key != "anyway"}))
    except JournalError as error:
        return Said(2, str(error))
    except OSError as error:
        return Said(2, f"{error.filename}: {error.strerror}")
    if reason := wanted.get("anyway"):
        Events(place.events).add(f"{name} was asked for while nothing ran: {reason}")
    return Said(0, f"No cutover runs. {_next(begins or 'old', name)}")


def _next(begins: str, name: str) -> str:
    if begins == name:
        return f"The next one begins with stage {name}."
    return f"The next one begins with stage {begins} and goes to {name}; if it cannot, it says why and stays."


def _asked(whom: Whom, method: str, path: str, body: Mapping[str, Any] | None = None) -> Said:
    try:
        if (admin := whom.admin()) is None:
            return Said(2, _NOBODY)
        return Said(0, _sent(admin, method, path, body, _LONG))
    except urllib.error.HTTPError as error:
        return Said(1, _detail(error.read()))
    except Unreached as error:
        return Said(2, str(error))


def _facts(admin: str) -> Mapping[str, Any]:
    """Raises `Unreached` where it is no cutover that answers."""
    try:
        said = parsed(_sent(admin, "GET", "/status.json", None, _SHORT).encode())
    except urllib.error.HTTPError:
        said = None
    if isinstance(said, dict) and "journal" in said:
        return said
    raise Unreached(f"It is no cutover that answers at {admin}.")


def _sent(admin: str, method: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> str:
    """Raises `HTTPError` and `Unreached`."""
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(f"{admin}{path}", data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 our own
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 our own
            return str(answer.read().decode("utf-8", "replace")).strip()
    except urllib.error.HTTPError:
        raise
    except urllib.error.URLError as error:
        raise Unreached(f"No cutover answers at {admin}: {_why(error.reason)}.") from error
    except (OSError, HTTPException) as error:
        raise Unreached(f"No cutover answers at {admin}: {_why(error)}.") from error


def _why(reason: str | BaseException) -> str:
    if isinstance(reason, TimeoutError):
        return "it takes too long"
    return (isinstance(reason, OSError) and reason.strerror) or f"what comes is no HTTP ({type(reason).__name__})"


def _detail(body: bytes) -> str:
    said = parsed(body)
    return str(said["detail"]) if isinstance(said, dict) and "detail" in said else "It is no cutover that answers."
