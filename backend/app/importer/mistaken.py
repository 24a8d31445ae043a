"""What json-server serves beside JSON, and people therefore take for a db.json: what to do with it instead."""

import re
from pathlib import Path

from app.importer.source import NotJSON, Unreadable

# As a path: the second slash is gone, and a folder may stand before it.
_ADDRESS = re.compile(r"(?:.*/)?(https?:)/+(.*)", re.IGNORECASE | re.DOTALL)
_FETCH = "this is an address, and a file is wanted; fetch it first: curl -o db.json {}"

_PROGRAM = (
    "this is a program, and none is run here; what it makes can be imported:"
    """ node -p 'JSON.stringify(require("./{0}")())' > db.json"""
)
_CONVERT = "this is JSON5, and only JSON is read; npx json5 {0} -o db.json converts it"
_KINDS = {".json5": _CONVERT} | dict.fromkeys((".js", ".cjs", ".mjs", ".ts"), _PROGRAM)


def explained(path: Path, error: Unreadable) -> Unreadable:
    """The error; for a file that is no JSON and does not claim to be, one that says what to do instead."""
    sentence = _KINDS.get(path.suffix.lower())
    if sentence and isinstance(error, NotJSON):
        return Unreadable(sentence.format(path.name), error.place, error.offset)
    return error


def absent(path: Path) -> str | None:
    """A sentence for an address in the place of a file."""
    address = _ADDRESS.fullmatch(str(path))
    return _FETCH.format("//".join(address.groups())) if address else None
