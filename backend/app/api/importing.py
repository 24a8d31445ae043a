"""What the addresses of imports and exports take and answer, for the API's description."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.operations import Described, ref
from app.api.parameters import INTEGER, TEXT, Json, query
from app.api.problems import MEDIA_TYPE
from app.imports.rows import STATES
from app.limits import IMPORT_DAYS, IMPORTS_LISTED

IMPORTS = "/imports"

_WHOLE: Json = {**INTEGER, "minimum": 0}
_MAYBE: Json = {"type": ["string", "null"]}

IMPORT: Json = {
    "type": "object",
    "title": "Import",
    "description": "One import: how far it is, and when it is over what became of each record.",
    "properties": {
        "id": TEXT,
        "state": {
            "type": "string",
            "enum": list(STATES),
            "description": "From `done` on it is over. `failed`, `cancelled` and `lost`: nothing was changed.",
        },
        "dryRun": {"type": "boolean"},
        "allOrNothing": {"type": "boolean"},
        "by": {**TEXT, "description": "Who asked for it."},
        "at": {"type": "string", "format": "date-time"},
        "step": {**_MAYBE, "description": "What it does at the moment, in words."},
        "bytes": {**_WHOLE, "description": "Of the file."},
        "done": {**_WHOLE, "description": "Bytes of this step."},
        "total": {"type": ["integer", "null"], "description": "Bytes of this step; null where nobody knows."},
        "records": {**_WHOLE, "description": "Records so far."},
        "detail": {**_MAYBE, "description": "A sentence, where it ended otherwise than `done`."},
        "report": {
            "type": ["object", "null"],
            "additionalProperties": True,
            "description": "As `scripts/migrate_db_json.py --report` has it; of each list the first 1,000 entries.",
        },
    },
}
IMPORT["required"] = [name for name in IMPORT["properties"] if name != "report"]

_RETRY: Json = {"Retry-After": {"description": "Seconds after which to look again, until it is over.", "schema": TEXT}}
_LOCATION: Json = {"Location": {"description": "Where to look how far it is.", "schema": TEXT}}
_NAMED: Json = {"Content-Disposition": {"description": "A name for the file.", "schema": TEXT}}
_FAULTS: Mapping[int, str] = {
    400: "A parameter is neither true nor false; `errors` names it.",
    404: "There is no import with this id, or no longer, or it has left no such file.",
    409: "Another import is under way, or this one is over.",
    413: "The file is larger than IMPORT_MAX_BYTES.",
    415: "The body is not application/json or another JSON type (application/*+json).",
    503: "The database does not answer, or the server is busy. Try again after `Retry-After` seconds.",
    507: "The server's disk has no room for the file.",
}


def begin(paths: Sequence[str]) -> Described:
    """Of these collections. The example has none of their records: it succeeds, and leaves nothing."""
    flags = {
        "dryRun": "Say what would become of each record, and write nothing.",
        "allOrNothing": "Write only if every record is good.",
    }
    return {
        "parameters": [_flag(name, says) for name, says in flags.items()],
        "requestBody": {
            "required": True,
            "description": "A db.json: an object of lists. Send the file as it is.",
            "content": {"application/json": {"schema": {}, "example": {path: [] for path in paths}}},
        },
        "responses": {
            "202": _answer("It has all come, and is being imported.", ref("Import"), _LOCATION | _RETRY),
            **_faults(400, 409, 413, 415, 503, 507),
        },
    }


def latest() -> Described:
    says = f"The latest {IMPORTS_LISTED}, newest first, without their reports."
    return {"responses": {"200": _answer(says, {"type": "array", "items": ref("Import")}), **_faults(503)}}


def get() -> Described:
    return {
        "parameters": [_id()],
        "responses": {"200": _answer("The import.", ref("Import"), _RETRY), **_faults(404, 503)},
    }


def cancel() -> Described:
    return {
        "parameters": [_id()],
        "responses": {"200": _answer("It was cancelled.", ref("Import")), **_faults(404, 409, 413, 503)},
    }


def file(says: str) -> Described:
    return {"parameters": [_id()], "responses": {"200": _file(says), **_faults(404, 503)}}


def export() -> Described:
    says = "A db.json: every record of every resource, as all were at one moment, in list order."
    return {"responses": {"200": _file(says), **_faults(503)}}


def _flag(name: str, says: str) -> Json:
    return query(name, says, {"type": "boolean"})


def _id() -> Json:
    says = f"Of an import of the last {IMPORT_DAYS} days."
    return {"name": "id", "in": "path", "required": True, "description": says, "schema": TEXT}


def _file(says: str) -> Json:
    return _answer(says, {"type": "object", "additionalProperties": True}, _NAMED)


def _answer(says: str, schema: Any, headers: Json | None = None) -> Json:
    return {"description": says, "headers": headers or {}, "content": {"application/json": {"schema": schema}}}


def _faults(*statuses: int) -> Json:
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    return {str(status): {"description": _FAULTS[status], "content": content} for status in statuses}
