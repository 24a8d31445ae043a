"""What each address of a resource takes and answers, for the API's description: bodies, headers, faults.

The parameters stand in `parameters`, the shapes themselves in `openapi`.
"""

from collections.abc import Callable, Mapping, Sequence

from app.api import examples, parameters, problems
from app.api.parameters import COUNT, INTEGER, MANY, TEXT, Json, header, id_of, query
from app.dialect.relations import Relations
from app.limits import RESTORING
from app.resource.resource import Resource

Described = Json  # OpenAPI's Operation Object without its names

_HEADERS: Mapping[str, str] = {
    "ETag": "The version of this answer: strong on a {noun}, weak on a list.",
    "Location": "The address of the new {noun}.",
    "X-Total-Count": "How many {path} match, before the page or slice is cut.",
    "X-Hint": "Names a parameter, or a field of `_sort` or `_where`, that no record has, and what may have been meant; "
    "or says why `_where` is ignored.",
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

_RESTORING: Mapping[int, str] = {
    404: "There is no such version, or nothing is on record of how the {noun} was then.",
    409: "Another {noun} has this {unique} by now, as `errors` says; or it breaks a rule that is younger.",
    413: f"The body is larger than {RESTORING} bytes.",
}

_NEEDED = "Records that must belong to one belong to this one; nothing was deleted."


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


class Operations:
    """The operations of one resource, each as OpenAPI's Operation Object without its names."""

    def __init__(self, resource: Resource, relations: Relations) -> None:
        self._resource, self._model, self._sent = resource, resource.title, examples.bodies(resource, "1")
        self._id = id_of(resource, "The id as it is in the record, percent-encoded.")
        self._children = [one.child.path for one in relations.children(resource) if one.declared]
        self._parents = [one.one for one in relations.parents(resource) if one.declared]
        self._words = {
            "noun": resource.noun,
            "path": resource.path,
            "unique": " or ".join(resource.unique.values()),
        }

    def find(self) -> Described:
        page = {"oneOf": [{"type": "array", "items": ref(self._model)}, ref(f"{self._model}Page")]}
        says = self._say("The {path}, as a bare array or as an envelope.")
        return {
            "parameters": [*parameters.of_list(self._resource), *self._related(), header("If-None-Match")],
            "responses": {
                **self._answer(200, says, page, "ETag", "X-Total-Count", "Link", "X-Hint"),
                **self._unchanged(),
                **self._faults(400, 503),
            },
        }

    def find_own(self, parent: Resource) -> Described:
        found = self.find()
        return {**found, "parameters": [_owner(parent), *found["parameters"]]}

    def create(self) -> Described:
        return {
            **_body(ref(f"{self._model}Create"), self._sent.new),
            "responses": {
                **self._answer(201, self._say("The stored {noun}."), ref(self._model), "ETag", "Location"),
                **self._faults(400, 409, 413, 415, 503),
            },
        }

    def create_own(self, parent: Resource) -> Described:
        return {"parameters": [_owner(parent)], **self.create()}

    def get(self) -> Described:
        return {
            "parameters": [self._id, *self._related(), header("If-None-Match")],
            "responses": {**self._row("The {noun}."), **self._unchanged(), **self._faults(400, 404, 503)},
        }

    def replace(self) -> Described:
        return self._write("Replace", self._sent.whole)

    def patch(self) -> Described:
        return self._write("Patch", self._sent.change)

    def delete(self) -> Described:
        return {
            "parameters": [self._id, *self._dependent(), header("If-Match")],
            "responses": {
                **self._answer(200, self._say("The {noun} as it was."), ref(self._model)),
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
            *([query("_embed", embed, MANY)] if embed else []),
            *([query("_expand", expand, MANY)] if ones else []),
        ]

    def _dependent(self) -> list[Json]:
        says = "Collections whose records go with it (1.x; in 0.17 all do); in the others the key becomes null."
        return [query("_dependent", says, MANY)] if self._children else []

    def versions(self) -> Described:
        many = {"type": "array", "items": ref(f"{self._model}Version")}
        says = self._say("What is on record of the {noun}, newest first.")
        return {
            "parameters": [self._id, *parameters.of_versions()],
            "responses": {**self._answer(200, says, many), **self._faults(400, 404, 503)},
        }

    def version(self) -> Described:
        number: Json = {"name": "version", "in": "path", "required": True, "schema": INTEGER}
        one = ref(f"{self._model}Version")
        return {
            "parameters": [self._id, {**number, "description": "Its number."}],
            "responses": {**self._answer(200, "The version.", one), **self._faults(400, 404, 503)},
        }

    def restore(self) -> Described:
        named = {"version": {**COUNT, "description": "One of those that a GET of this address names."}}
        body = {"type": "object", "required": ["version"], "properties": named, "additionalProperties": False}
        return {
            "parameters": [self._id],
            **_body(body, {"version": 1}),
            "responses": {
                **self._row("The {noun} as it is now."),
                **_faults(400, 404, 409, 413, 415, 503, say=self._say, means={**_FAULTS, **_RESTORING}),
            },
        }

    def _write(self, body: str, example: Json) -> Described:
        return {
            "parameters": [self._id, header("If-Match")],
            **_body(ref(f"{self._model}{body}"), example),
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


def changes(paths: Sequence[str]) -> Described:
    """Of the feed of these resources."""
    says = "The changes; more follow while there are `more`."
    answer = _answer(says, ref("ChangePage"), _headers("X-Request-ID"))
    return {"parameters": parameters.of_feed(paths), "responses": {"200": answer, **_faults(400, 410, 503)}}


def health(resources: Sequence[Resource]) -> Described:
    served = " and ".join(resource.path for resource in resources).capitalize()
    down = _answer("The database does not answer.", ref("Health"), _headers("X-Request-ID", "Retry-After"))
    return {
        "responses": {"200": _answer(f"{served} can be served.", ref("Health"), _headers("X-Request-ID")), "503": down}
    }


def live() -> Described:
    return {"responses": {"200": _answer("The process answers.", ref("Health"), _headers("X-Request-ID"))}}


def _owner(parent: Resource) -> Json:
    return id_of(parent, f"The id of {parent.a_noun}, percent-encoded.")


def _problem() -> Json:
    return {problems.MEDIA_TYPE: {"schema": ref("Problem")}}


def _answer(says: str, schema: Json, headers: Json) -> Json:
    return {"description": says, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _faults(*statuses: int, say: Callable[[str], str] = str, means: Mapping[int, str] = _FAULTS) -> Json:
    content = _problem()
    return {
        str(status): {"description": say(means[status]), "content": content}
        | ({"headers": _headers("Retry-After", say=say)} if status == 503 else {})
        for status in statuses
    }


def _headers(*names: str, say: Callable[[str], str] = str) -> Json:
    return {name: {"description": say(_HEADERS[name]), "schema": TEXT} for name in names}


def _body(schema: Json, example: Json) -> Json:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}
