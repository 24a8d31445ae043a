"""What each address of a resource takes and answers, for the API's description: parameters, bodies, headers, faults.

Operators come from the dialect and fields from the resource: nothing is written down twice. The shapes themselves stand
in `openapi`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.api import problems
from app.dialect.query import SPELLINGS
from app.dialect.relations import Relations
from app.limits import CHANGES, CHANGES_MOST, WAIT
from app.resource.kinds import NUMBER, TRUTH, WHOLE
from app.resource.resource import Resource

Json = dict[str, Any]
Described = dict[str, Any]  # OpenAPI's Operation Object without its names

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
_COUNT: Json = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}

_HEADERS: Mapping[str, str] = {
    "ETag": "The version of this answer: strong on a {noun}, weak on a list.",
    "Location": "The address of the new {noun}.",
    "X-Total-Count": "How many {path} match, before the page or slice is cut.",
    "Link": "first, prev, next and last page (RFC 8288).",
    "Allow": "Every method this address takes.",
    "Retry-After": "Seconds after which another try may succeed.",
    "X-Request-ID": "Names this request in the server's log; taken from the request when it sends one.",
}

# Status -> what it means here. Bodies are problem+json.
_FAULTS: Mapping[int, str] = {
    400: "The request breaks a rule; `errors` names each field.",
    404: "There is no {noun} with this id.",
    409: "Another {noun} has this {unique}; `errors` names the field.",
    410: "The changes behind the cursor are not on record. Read the list again, and go on from `_since=now`.",
    412: "The {noun} is no longer the version If-Match names.",
    413: "The body is larger than MAX_BODY_BYTES.",
    415: "The body is not application/json or another JSON type (application/*+json).",
    503: "The database does not answer. Try again after `Retry-After` seconds.",
}

# Operator, as spelled behind a field -> what a filter with it finds.
_FILTERS: Mapping[str, str] = {
    "eq": "Equal to the value.",
    "in": "Equal to any value of a comma-separated list.",
    "ne": "Different from the value, and from every one when repeated.",
    "gt": "Greater than the value: {compared}.",
    "gte": "Greater than or equal to the value: {compared}.",
    "lt": "Less than the value: {compared}.",
    "lte": "Less than or equal to the value: {compared}.",
    "contains": "Text that contains the value, whatever the case.",
    "startsWith": "Text that starts with the value, whatever the case.",
    "endsWith": "Text that ends with the value, whatever the case.",
    "like": "Text in which this JavaScript regular expression finds something, whatever the case (0.17).",
}

_LIST: Mapping[str, tuple[str, Json]] = {
    "q": ("Any field that contains this text, whatever the case (0.17).", TEXT),
    "_where": ("A JSON object of conditions, in place of all other filters (1.x).", TEXT),
    "_sort": ("Fields to sort by, comma-separated; `-` before one sorts it descending.", TEXT),
    "_order": ("`asc` or `desc` for each field of `_sort`, comma-separated (0.17).", TEXT),
    "_page": ("The page, from 1; beyond the last one: the last (1.x) or an empty one (0.17).", INTEGER),
    "_per_page": ("{Path} a page, 10 unless said (1.x: the answer is an envelope).", INTEGER),
    "_limit": ("{Path} a page or slice (0.17: the answer is an array with X-Total-Count).", INTEGER),
    "_start": ("Where a slice begins, from 0; negative counts from the end (0.17).", INTEGER),
    "_end": ("Where a slice ends, itself not in it; negative counts from the end (0.17).", INTEGER),
}

_NEEDED = "Records that must belong to one belong to this one; nothing was deleted."

_EMPTY: Json = {"type": "object", "maxProperties": 0}
_MANY: Json = {"type": "array", "items": TEXT}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


class Operations:
    """The operations of one resource, each as OpenAPI's Operation Object without its names."""

    def __init__(self, resource: Resource, relations: Relations) -> None:
        self._fields, self._model = resource.fields, resource.title
        self._id = _id(resource, "The id as it is in the record, percent-encoded.")
        self._children = [one.child.path for one in relations.children(resource) if one.declared]
        self._parents = [one.one for one in relations.parents(resource) if one.declared]
        numbers = [name for name, field in resource.fields.items() if field.kind in (WHOLE, NUMBER, TRUTH)]
        self._words = {
            "noun": resource.noun,
            "path": resource.path,
            "Path": resource.path.capitalize(),
            "unique": " or ".join(resource.unique.values()),
            "compared": f"by number on {' and '.join(numbers)}, as text elsewhere" if numbers else "as text",
        }

    def find(self) -> Described:
        page = {"oneOf": [{"type": "array", "items": ref(self._model)}, ref(f"{self._model}Page")]}
        says = self._say("The {path}, as a bare array or as an envelope.")
        return {
            "parameters": [*self._list_parameters(), *self._related(), _header("If-None-Match")],
            "responses": {
                **self._answer(200, says, page, "ETag", "X-Total-Count", "Link"),
                **self._unchanged(),
                **self._faults(400, 503),
            },
        }

    def find_own(self, parent: Resource) -> Described:
        found = self.find()
        return {**found, "parameters": [_owner(parent), *found["parameters"]]}

    def create(self) -> Described:
        says = self._say("The stored {noun}; of an array all of them, without ETag and Location.")
        return {
            **_body(_one_or_all(f"{self._model}Create")),
            "responses": {
                **self._answer(201, says, _one_or_all(self._model), "ETag", "Location"),
                **self._faults(400, 409, 413, 415, 503),
            },
        }

    def create_own(self, parent: Resource) -> Described:
        return {"parameters": [_owner(parent)], **self.create()}

    def get(self) -> Described:
        return {
            "parameters": [self._id, *self._related(), _header("If-None-Match")],
            "responses": {**self._row("The {noun}."), **self._unchanged(), **self._faults(400, 404, 503)},
        }

    def replace(self) -> Described:
        return self._write("Replace")

    def patch(self) -> Described:
        return self._write("Patch")

    def delete(self) -> Described:
        either = {"anyOf": [ref(self._model), _EMPTY]}
        return {
            "parameters": [self._id, *self._dependent(), _header("If-Match")],
            "responses": {
                **self._answer(200, self._say("`{{}}`; in dialect 1 the {noun} as it was."), either),
                **self._faults(400, 404, 412, 413, 503),
                **({"409": {"description": _NEEDED, "content": _problem()}} if self._children else {}),
            },
        }

    def _related(self) -> list[Json]:
        """What can be embedded, by the keys that are declared."""
        lists, ones = " and ".join(self._children), " and ".join(self._parents)
        embed = f"Collections whose records belong to it (0.17 and 1.x): {lists}." if lists else ""
        embed += f"{' ' if embed else ''}In 1.x also what it belongs to: {ones}." if ones else ""
        expand = f"What it belongs to (0.17): {ones}."
        return [
            *([_query("_embed", embed, _MANY)] if embed else []),
            *([_query("_expand", expand, _MANY)] if ones else []),
        ]

    def _dependent(self) -> list[Json]:
        says = "Collections whose records go with it (1.x; in 0.17 all do); in the others the key becomes null."
        return [_query("_dependent", says, _MANY)] if self._children else []

    def versions(self) -> Described:
        asked = [
            _query("_limit", "How many, 50 unless said and 500 at most; fewer if they are large.", _COUNT),
            _query("_before", "Only those below this version.", _COUNT),
        ]
        many = {"type": "array", "items": ref(f"{self._model}Version")}
        says = self._say("What is on record of the {noun}, newest first.")
        return {
            "parameters": [self._id, *asked],
            "responses": {**self._answer(200, says, many), **self._faults(400, 404, 503)},
        }

    def version(self) -> Described:
        number: Json = {"name": "version", "in": "path", "required": True, "schema": INTEGER}
        one = ref(f"{self._model}Version")
        return {
            "parameters": [self._id, {**number, "description": "Its number."}],
            "responses": {**self._answer(200, "The version.", one), **self._faults(400, 404, 503)},
        }

    def _write(self, body: str) -> Described:
        return {
            "parameters": [self._id, _header("If-Match")],
            **_body(ref(f"{self._model}{body}")),
            "responses": {
                **self._row("The {noun} as it is now."),
                **self._faults(400, 404, 409, 412, 413, 415, 503),
            },
        }

    def _say(self, words: str) -> str:
        return words.format(**self._words)

    def _row(self, says: str) -> Json:
        return self._answer(200, self._say(says), ref(self._model), "ETag")

    def _answer(self, status: int, says: str, schema: Json, *headers: str) -> Json:
        return {str(status): _answer(says, schema, self._described("X-Request-ID", *headers))}

    def _unchanged(self) -> Json:
        says = "Unchanged since the version If-None-Match names."
        return {"304": {"description": says, "headers": self._described("ETag")}}

    def _faults(self, *statuses: int) -> Json:
        return _faults(*statuses, say=self._say)

    def _described(self, *names: str) -> Json:
        return _headers(*names, say=self._say)

    def _list_parameters(self) -> list[Json]:
        """Search, order, pages and slices, then filters of every declared field: there are many."""
        equal = [_query(name, f"{name} equal to the value; repeated: to any of them.", _MANY) for name in self._fields]
        operators = [
            _query(name + spelling, f"{name}: {self._say(_FILTERS[operator])}", _MANY)
            for name in self._fields
            for spelling, operator in SPELLINGS.items()
        ]
        return [*(_query(name, self._say(says), schema) for name, (says, schema) in _LIST.items()), *equal, *operators]


_CURSOR: Json = {"type": "string", "pattern": r"^(now|[0-9]{1,9}\.[0-9]{1,18}\.[0-9]{1,18})$"}
_FEED: Mapping[str, tuple[str, Json]] = {
    "_since": ("`next` of an answer, or `now`; from the first change on record if not given.", _CURSOR),
    "_limit": (f"Changes of one answer, {CHANGES} unless said, {CHANGES_MOST} at most.", {**INTEGER, "minimum": 1}),
    "_wait": (
        f"Seconds to wait for a change if there is none yet, {WAIT:.0f} at most.",
        {"type": "number", "minimum": 0, "maximum": WAIT},
    ),
}


def changes(paths: Sequence[str]) -> Described:
    """Of the feed of these resources."""
    of: Json = {"type": "array", "items": {"type": "string", "enum": list(paths)}}
    behind = "The `id` of the last event; goes before `_since`. For server-sent events."
    answer = _answer("The changes; more follow while there are `more`.", ref("Changes"), _headers("X-Request-ID"))
    answer["content"]["text/event-stream"] = {"schema": TEXT}
    return {
        "parameters": [
            *(_query(name, says, schema) for name, (says, schema) in _FEED.items()),
            _query("resource", "Only changes of these resources.", of),
            _query("id", "Only changes of records with these ids.", {"type": "array", "items": TEXT}),
            _header("Last-Event-ID") | {"description": behind, "schema": _CURSOR},
        ],
        "responses": {"200": answer, **_faults(400, 410, 503)},
    }


def health(resources: Sequence[Resource]) -> Described:
    served = " and ".join(resource.path for resource in resources).capitalize()
    down = _answer("The database does not answer.", ref("Health"), _headers("X-Request-ID", "Retry-After"))
    return {
        "responses": {"200": _answer(f"{served} can be served.", ref("Health"), _headers("X-Request-ID")), "503": down}
    }


def live() -> Described:
    return {"responses": {"200": _answer("The process answers.", ref("Health"), _headers("X-Request-ID"))}}


def _id(resource: Resource, says: str) -> Json:
    return {"name": "id", "in": "path", "required": True, "description": says, "schema": resource.ids.path}


def _owner(parent: Resource) -> Json:
    return _id(parent, f"The id of {parent.a_noun}, percent-encoded.")


def _problem() -> Json:
    return {problems.MEDIA_TYPE: {"schema": ref("Problem")}}


def _answer(says: str, schema: Json, headers: Json) -> Json:
    return {"description": says, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _faults(*statuses: int, say: Callable[[str], str] = str) -> Json:
    content = _problem()
    return {
        str(status): {"description": say(_FAULTS[status]), "content": content}
        | ({"headers": _headers("Retry-After", say=say)} if status == 503 else {})
        for status in statuses
    }


def _headers(*names: str, say: Callable[[str], str] = str) -> Json:
    return {name: {"description": say(_HEADERS[name]), "schema": TEXT} for name in names}


def _body(schema: Json) -> Json:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _one_or_all(name: str) -> Json:
    return {"oneOf": [ref(name), {"type": "array", "minItems": 1, "items": ref(name)}]}


def _header(name: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "schema": TEXT,
        "description": "An entity tag (RFC 9110).",
    }


def _query(name: str, says: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "description": says, "schema": schema}
