"""What /openapi.json says. The routes take bytes and send bytes; here stands, in tables, what is in them.

Shapes and rules come from `schemas/patient.py`, operators from `jsonserver`: nothing is written down twice.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from app.api import problems
from app.jsonserver.query import SPELLINGS
from app.models.patient import ID_LENGTH
from app.schemas.patient import COLUMNS, NO_NUL, Patient, PatientCreate, PatientPatch, PatientReplace

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}

_HEADERS: Mapping[str, str] = {
    "ETag": "The version of this answer: strong on a patient, weak on a list.",
    "Location": "The address of the new patient.",
    "X-Total-Count": "How many patients match, before the page or slice is cut.",
    "Link": "first, prev, next and last page (RFC 8288).",
    "Allow": "Every method this address takes.",
    "Retry-After": "Seconds after which another try may succeed.",
    "X-Request-ID": "Names this request in the server's log; taken from the request when it sends one.",
}

# Status -> what it means here. Bodies are problem+json.
_FAULTS: Mapping[int, str] = {
    400: "The request breaks a rule; `errors` names each field.",
    404: "There is no patient with this id.",
    409: "Another patient has this id or patientID; `errors` names the field.",
    412: "The patient is no longer the version If-Match names.",
    413: "The body is larger than MAX_BODY_BYTES.",
    415: "The body is not application/json or another JSON type (application/*+json).",
    503: "The database does not answer. Try again after `Retry-After` seconds.",
}

_PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `detail` and `message` are one sentence; `errors` maps wire field names to sentences.",
    "required": ["type", "title", "status", "detail", "message", "errors"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": _NUMBER,
        "detail": _TEXT,
        "message": _TEXT,
        "errors": {"type": "object", "additionalProperties": _TEXT},
    },
}
_HEALTH: Json = {
    "type": "object",
    "title": "Health",
    "required": ["status", "version", "timestamp"],
    "properties": {
        "status": {"type": "string", "enum": ["ok", "unavailable"]},
        "database": {"type": "string", "enum": ["ok", "read-only", "unavailable"]},
        "detail": _TEXT,
        "version": _TEXT,
        "timestamp": {"type": "string", "format": "date-time"},
    },
}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


# Fields beside the declared ones: any JSON, kept as it is; only NUL cannot be stored.
_UNDECLARED: Json = {"additionalProperties": _ref("JsonValue"), "propertyNames": {"pattern": NO_NUL}}
_VALUE: Json = {
    "title": "JsonValue",
    "description": "Any JSON value without the character NUL.",
    "anyOf": [
        {"type": ["number", "boolean", "null"]},
        {"type": "string", "pattern": NO_NUL},
        {"type": "array", "items": _ref("JsonValue")},
        {"type": "object", **_UNDECLARED},
    ],
}
_PAGE: Json = {
    "type": "object",
    "title": "PatientPage",
    "description": "json-server 1.x's envelope, sent when `_page` is given in its dialect.",
    "required": ["first", "prev", "next", "last", "pages", "items", "data"],
    "properties": {
        "first": _NUMBER,
        "prev": {"type": ["integer", "null"]},
        "next": {"type": ["integer", "null"]},
        "last": _NUMBER,
        "pages": _NUMBER,
        "items": {"type": "integer", "description": "How many patients match."},
        "data": {"type": "array", "items": _ref("Patient")},
    },
}
_LIST: Json = {"oneOf": [{"type": "array", "items": _ref("Patient")}, _ref("PatientPage")]}


def document(app: FastAPI) -> None:
    """Have the app answer /openapi.json with this document, made once, when first asked."""

    def openapi() -> Json:
        app.openapi_schema = app.openapi_schema or build(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema


def build(app: FastAPI) -> Json:
    """What FastAPI knows of the routes, and what stands here of their bodies, parameters and answers."""
    schema: Json = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    for (path, method), described in _operations().items():
        schema["paths"][path][method].update(described)
    schema["components"] = {"schemas": _components()}
    return schema


def _operations() -> Mapping[tuple[str, str], Json]:
    item = "/patients/{id}"
    return {
        ("/patients", "get"): {
            "parameters": [*_list_parameters(), _header("If-None-Match")],
            "responses": {
                **_answer(
                    200, "The patients, as a bare array or as an envelope.", _LIST, "ETag", "X-Total-Count", "Link"
                ),
                **_unchanged(),
                **_faults(400, 503),
            },
        },
        ("/patients", "post"): {
            **_body("PatientCreate"),
            "responses": {
                **_answer(201, "The stored patient.", _ref("Patient"), "ETag", "Location"),
                **_faults(400, 409, 413, 415, 503),
            },
        },
        (item, "get"): {
            "parameters": [_ID, _header("If-None-Match")],
            "responses": {**_row("The patient."), **_unchanged(), **_faults(400, 404, 503)},
        },
        (item, "put"): _write("PatientReplace", "The patient as it is now."),
        (item, "patch"): _write("PatientPatch", "The patient as it is now."),
        (item, "delete"): {
            "parameters": [_ID, _header("If-Match")],
            "responses": {
                **_answer(200, "`{}`; in dialect 1 the patient as it was.", {"anyOf": [_ref("Patient"), _EMPTY]}),
                **_faults(400, 404, 412, 413, 503),
            },
        },
        ("/health", "get"): {
            "responses": {
                **_answer(200, "Patients can be served.", _ref("Health")),
                **_answer(503, "The database does not answer.", _ref("Health"), "Retry-After"),
            }
        },
        ("/health/live", "get"): {"responses": _answer(200, "The process answers.", _ref("Health"))},
    }


_EMPTY: Json = {"type": "object", "maxProperties": 0}
_ID: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id as it is in the record, percent-encoded.",
    "schema": {"type": "string", "minLength": 1, "maxLength": ID_LENGTH},
}


def _write(body: str, says: str) -> Json:
    return {
        "parameters": [_ID, _header("If-Match")],
        **_body(body),
        "responses": {**_row(says), **_faults(400, 404, 409, 412, 413, 415, 503)},
    }


def _row(says: str) -> Json:
    return _answer(200, says, _ref("Patient"), "ETag")


def _body(name: str) -> Json:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _ref(name)}}}}


def _answer(status: int, says: str, schema: Json, *headers: str) -> Json:
    answer: Json = {"description": says, "headers": _described("X-Request-ID", *headers)}
    return {str(status): answer | {"content": {"application/json": {"schema": schema}}}}


def _unchanged() -> Json:
    return {"304": {"description": "Unchanged since the version If-None-Match names.", "headers": _described("ETag")}}


def _faults(*statuses: int) -> Json:
    content = {problems.MEDIA_TYPE: {"schema": _ref("Problem")}}
    return {
        str(status): {"description": _FAULTS[status], "content": content}
        | ({"headers": _described("Retry-After")} if status == 503 else {})
        for status in statuses
    }


def _described(*names: str) -> Json:
    return {name: {"description": _HEADERS[name], "schema": _TEXT} for name in names}


def _header(name: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": _TEXT,
        "description": "An entity tag (RFC 9110).",
    }


def _components() -> Json:
    models: tuple[type[BaseModel], ...] = (Patient, PatientCreate, PatientReplace, PatientPatch)
    modes: Mapping[type[BaseModel], JsonSchemaMode] = {Patient: "serialization"}
    shapes = {model.__name__: _shape(model.model_json_schema(mode=modes.get(model, "validation"))) for model in models}
    return shapes | {"JsonValue": _VALUE, "PatientPage": _PAGE, "Problem": _PROBLEM, "Health": _HEALTH}


def _shape(schema: Json) -> Json:
    """pydantic's schema with `id` first, without the titles and null defaults it makes up."""
    order = [*COLUMNS, *schema["properties"]]
    properties = {field: schema["properties"][field] for field in dict.fromkeys(order) if field in schema["properties"]}
    invented = ("title", "default")
    tidy = {field: {k: v for k, v in rule.items() if k not in invented} for field, rule in properties.items()}
    return schema | {"properties": tidy, **_UNDECLARED}


def _query(name: str, says: str, schema: Json = _TEXT) -> Json:
    return {"name": name, "in": "query", "required": False, "description": says, "schema": schema}


# Operator, as spelled behind a field -> what a filter with it finds.
_FILTERS: Mapping[str, str] = {
    "eq": "Equal to the value.",
    "in": "Equal to any value of a comma-separated list.",
    "ne": "Different from the value, and from every one when repeated.",
    "gt": "Greater than the value: by number on age, as text elsewhere.",
    "gte": "Greater than or equal to the value: by number on age, as text elsewhere.",
    "lt": "Less than the value: by number on age, as text elsewhere.",
    "lte": "Less than or equal to the value: by number on age, as text elsewhere.",
    "contains": "Text that contains the value, whatever the case.",
    "startsWith": "Text that starts with the value, whatever the case.",
    "endsWith": "Text that ends with the value, whatever the case.",
    "like": "Text in which this JavaScript regular expression finds something, whatever the case (0.17).",
}

_LIST_PARAMETERS: Mapping[str, tuple[str, Json]] = {
    "q": ("Any field that contains this text, whatever the case (0.17).", _TEXT),
    "_where": ("A JSON object of conditions, in place of all other filters (1.x).", _TEXT),
    "_sort": ("Fields to sort by, comma-separated; `-` before one sorts it descending.", _TEXT),
    "_order": ("`asc` or `desc` for each field of `_sort`, comma-separated (0.17).", _TEXT),
    "_page": ("The page, from 1; beyond the last one: the last (1.x) or an empty one (0.17).", _NUMBER),
    "_per_page": ("Patients a page, 10 unless said (1.x: the answer is an envelope).", _NUMBER),
    "_limit": ("Patients a page or slice (0.17: the answer is an array with X-Total-Count).", _NUMBER),
    "_start": ("Where a slice begins, from 0; negative counts from the end (0.17).", _NUMBER),
    "_end": ("Where a slice ends, itself not in it; negative counts from the end (0.17).", _NUMBER),
}


def _list_parameters() -> list[Json]:
    """Search, order, pages and slices, then filters of every declared field: there are many."""
    repeated: Json = {"type": "array", "items": _TEXT}
    equal = [_query(field, f"{field} equal to the value; repeated: to any of them.", repeated) for field in COLUMNS]
    operators = [
        _query(field + spelling, f"{field}: {_FILTERS[name]}", repeated)
        for field in COLUMNS
        for spelling, name in SPELLINGS.items()
    ]
    return [*(_query(name, says, schema) for name, (says, schema) in _LIST_PARAMETERS.items()), *equal, *operators]
