"""What /openapi.json says of the shapes: resources, problems, health. What an address takes stands in `operations`."""

from collections.abc import Mapping, Sequence

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api import examples
from app.api.access import Addresses
from app.api.importing import IMPORT
from app.api.operations import ref
from app.api.parameters import INTEGER, TEXT, Json
from app.api.problems import MEDIA_TYPE
from app.api.thin import ThinRoute
from app.limits import NAME_LENGTH
from app.resource.resource import Resource
from app.resource.shapes import NO_NUL

_PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `message` and `detail` are one sentence; `errors`, if there, maps fields to sentences.",
    "examples": [
        {
            "message": "age must be greater than 0.",
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "age must be greater than 0.",
            "errors": {"age": "must be greater than 0"},
        }
    ],
    "required": ["message", "type", "title", "status", "detail"],
    "properties": {
        "message": TEXT,
        "type": TEXT,
        "title": TEXT,
        "status": INTEGER,
        "detail": TEXT,
        "errors": {"type": "object", "additionalProperties": TEXT},
    },
}
_HEALTH: Json = {
    "type": "object",
    "title": "Health",
    "required": ["status", "version", "timestamp"],
    "properties": {
        "status": {"type": "string", "enum": ["ok", "unavailable"]},
        "database": {"type": "string", "enum": ["ok", "read-only", "unavailable"]},
        "detail": TEXT,
        "version": TEXT,
        "timestamp": {"type": "string", "format": "date-time"},
    },
}


# Fields beside the declared ones: any JSON, kept as it is. That no text in them may have a NUL is not said: it takes a
# schema that refers to itself, of which generators of clients make no type.
_UNDECLARED: Json = {"additionalProperties": True, "propertyNames": {"pattern": NO_NUL, "maxLength": NAME_LENGTH}}

_BEARER: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "An access key (`pak_…`), what signing in gave (`pas_…`), or a token of the issuer (RFC 6750).",
}
_REFUSED: Mapping[int, str] = {
    401: "Nobody says who asks, or what they sent is not known; `WWW-Authenticate` says which.",
    403: "Who asks may not do this; `WWW-Authenticate` says what it takes.",
}


def document(app: FastAPI, resources: Sequence[Resource], base_path: str, *, asked: bool) -> Json:
    """What FastAPI knows of the routes, what each of ours says of itself, and the shapes; and where everybody is asked
    who they are, how to say it."""
    below = [{"url": base_path}] if base_path else None
    schema: Json = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes, servers=below
    )
    for route in app.routes:
        if isinstance(route, ThinRoute) and route.described:
            for method in route.methods or ():
                schema["paths"][route.path][method.lower()].update(route.described)
    shapes = {name: shape for resource in resources for name, shape in _shapes(resource).items()}
    pages = {f"{resource.title}Page": _page(resource) for resource in resources}
    pages |= {f"{resource.title}Version": _version(resource) for resource in resources}
    ours = {"ChangePage": _changes(resources), "Import": IMPORT, "Problem": _PROBLEM, "Health": _HEALTH}
    schema["components"] = {"schemas": {**shapes, **pages, **ours}}
    if asked:
        _secure(schema, Addresses(resources))
    return schema


def _secure(schema: Json, addresses: Addresses) -> None:
    schema["components"]["securitySchemes"] = {"bearerAuth": _BEARER}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            if addresses.asks(method.upper(), path):
                operation["security"] = [{"bearerAuth": []}]
                operation["responses"] |= {str(status): _refused(says) for status, says in _REFUSED.items()}


def _refused(says: str) -> Json:
    header = {"description": "RFC 6750, 3.", "schema": TEXT}
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    return {"description": says, "headers": {"WWW-Authenticate": header}, "content": content}


def _shapes(resource: Resource) -> Json:
    sent = {"Create": resource.create, "Replace": resource.body, "Patch": resource.patch}
    stored = resource.stored.model_json_schema(mode="serialization")
    shapes = {resource.title: stored | {"examples": [examples.bodies(resource, "1").new]}}
    shapes |= {resource.title + use: model.model_json_schema() for use, model in sent.items()}
    return {name: _shape(schema, resource) for name, schema in shapes.items()}


def _shape(schema: Json, resource: Resource) -> Json:
    """pydantic's schema with `id` first, without the titles and null defaults it makes up."""
    order = [*resource.fields, *schema["properties"]]
    properties = {field: schema["properties"][field] for field in dict.fromkeys(order) if field in schema["properties"]}
    invented = ("title", "default")
    tidy = {field: {k: v for k, v in rule.items() if k not in invented} for field, rule in properties.items()}
    return schema | {"properties": tidy, **_UNDECLARED}


def _version(resource: Resource) -> Json:
    return {
        "type": "object",
        "title": f"{resource.title}Version",
        "description": f"What a change made of {resource.a_noun}. Version 0 was there before anything was on record.",
        "required": ["version", "change", "at", "by", "record"],
        "properties": {
            "version": {"type": "integer", "description": "Higher than those before."},
            "change": {"type": "string", "enum": ["created", "changed", "deleted"]},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "by": {"type": ["string", "null"], "description": "Who made it."},
            "record": {"anyOf": [ref(resource.title), {"type": "null"}]},
        },
    }


def _page(resource: Resource) -> Json:
    return {
        "type": "object",
        "title": f"{resource.title}Page",
        "description": "json-server 1.x's envelope, sent when `_page` is given in its dialect.",
        "required": ["first", "prev", "next", "last", "pages", "items", "data"],
        "properties": {
            "first": INTEGER,
            "prev": {"type": ["integer", "null"]},
            "next": {"type": ["integer", "null"]},
            "last": INTEGER,
            "pages": INTEGER,
            "items": {"type": "integer", "description": f"How many {resource.path} match."},
            "data": {"type": "array", "items": ref(resource.title)},
        },
    }


def _changes(resources: Sequence[Resource]) -> Json:
    change = {
        "resource": {"type": "string", "enum": [resource.path for resource in resources]},
        "id": {"type": ["string", "integer"]},
        "change": {"type": "string", "enum": ["created", "changed", "deleted"]},
        "version": {**INTEGER, "description": "Of the record after this change."},
        "at": {"type": "string", "format": "date-time"},
        "by": {**TEXT, "description": "Who made it."},
        "record": {
            "description": "As it is now; null if it is gone.",
            "anyOf": [*(ref(resource.title) for resource in resources), {"type": "null"}],
        },
    }
    members = {
        "changes": {"type": "array", "items": _object(change)},
        "next": {**TEXT, "description": "Where to go on: `_since` of the next request."},
        "more": {"type": "boolean", "description": "Whether there are others already."},
    }
    return _object(members) | {"title": "ChangePage"}


def _object(members: Json) -> Json:
    return {"type": "object", "required": list(members), "properties": members}
