"""What the words of the command line say to the process that runs, through the operator's port; if none runs, to the
flags file."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from app.cutover.flags import FlagFile
from app.cutover.place import Place
from app.cutover.records import parsed

_LONG = 3600  # seconds: an import may take them
_NOBODY = "No cutover runs with this folder (--state) or operator's port (--admin-port)."
USUAL_PORT = 8081
_USUAL = f"http://127.0.0.1:{USUAL_PORT}"


class Said(NamedTuple):
    """A text for the terminal, and the exit code: 1 where something speaks against it, 2 where nobody answers."""

    code: int
    text: str


class Whom(NamedTuple):
    """Which process is meant: by its folder, or by its operator's port."""

    state: Path
    port: int | None

    def admin(self) -> str | None:
        """Where it is asked; without a port the folder's, or else whoever has the port that is not said."""
        if self.port is not None:
            return f"http://127.0.0.1:{self.port}"
        return Place(self.state).admin() or (_USUAL if _asked(_USUAL, "GET", "/status.json").code == 0 else None)


def stage(whom: Whom, wanted: Mapping[str, Any]) -> Said:
    if admin := whom.admin():
        return _asked(admin, "PUT", "/stage", wanted)
    place = Place(whom.state)
    flags = {key: value for key, value in wanted.items() if key != "anyway"}
    file = FlagFile(place.flags)
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.changed()
        file.write(file.good.model_copy(update=flags))
    except OSError as error:
        return Said(2, f"{place.flags}: {error.strerror}")
    return Said(0, f"No cutover runs; the next one begins with stage {wanted['stage']}.")


def verify(whom: Whom) -> Said:
    said = _told(whom, "/verify.json")
    if said.code:
        return said
    unequal = json.loads(said.text)["unequal"]
    return Said(1, unequal) if unequal else Said(0, "Both sides are equal, in order.")


def status(whom: Whom) -> Said:
    return _told(whom, "/status.json")


def give_up(whom: Whom, resource: str, identity: str) -> Said:
    admin = whom.admin()
    return _asked(admin, "POST", "/given-up", {"resource": resource, "id": identity}) if admin else Said(2, _NOBODY)


def _told(whom: Whom, path: str) -> Said:
    admin = whom.admin()
    return _asked(admin, "GET", path) if admin else Said(2, _NOBODY)


def _asked(admin: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Said:
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(f"{admin}{path}", data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 our own
    try:
        with urllib.request.urlopen(request, timeout=_LONG) as answer:  # noqa: S310 our own
            return Said(0, answer.read().decode().strip())
    except urllib.error.HTTPError as error:
        return Said(1, _detail(error.read()))
    except OSError as error:
        return Said(2, f"The cutover does not answer ({error}).")


def _detail(body: bytes) -> str:
    said = parsed(body)
    return str(said["detail"]) if isinstance(said, dict) and "detail" in said else "It is no cutover that answers."
