"""Requests to try, complete for one server: addresses to read, and commands that write. Texts only; nothing is sent."""

import json
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from app.api.field_rules import example
from app.resource import javascript
from app.resource.fields import Field
from app.resource.kinds import DAY, NUMBER, TEXT, TRUTH, WHOLE
from app.resource.resource import Resource

_NUMBERS = (WHOLE, NUMBER)


class Read(NamedTuple):
    """A GET: what it shows, and its address below the server's own."""

    title: str
    address: str


class _Request(NamedTuple):
    title: str
    method: str
    url: str
    body: Mapping[str, Any] | None


class Write(NamedTuple):
    """A request that changes something: its method, and how to send it from a shell and from JavaScript."""

    title: str
    method: str
    curl: str
    fetch: str


class Bodies(NamedTuple):
    """What creates a record with the id `key`, replaces and changes it; each succeeds as it stands."""

    key: Any
    new: dict[str, Any]
    whole: dict[str, Any]
    change: dict[str, Any]


def bodies(resource: Resource, digits: str) -> Bodies:
    """Of a record that no other is likely to be like: the id and what is unique are made of these hex digits."""
    key, plain = resource.ids.example(digits), example(resource)
    words = {name for name in resource.unique.values() if resource.fields[name].kind is TEXT}
    whole = {name: str(key).upper() if name in words else value for name, value in plain.items()}
    number = _first(resource, lambda field: field.kind in _NUMBERS)
    change = {number.name: plain[number.name] + 1} if number else dict(list(whole.items())[:1])
    return Bodies(key, {"id": key, **whole}, whole, change)


def reads(resource: Resource, first: str | None) -> list[Read]:
    """The GET examples of a resource's list; `first` is the id of a row there, None if there is none to read."""
    path = resource.address
    row = [Read(f"One {resource.noun}", f"{path}/{quote(first, safe='')}")] if first is not None else []
    return [*(Read(title, f"{path}?{query}") for title, query in _queries(resource)), *row]


def writes(resource: Resource, base: str) -> list[Write]:
    """POST, PATCH and DELETE at the server `base`: in this order they succeed as they stand, and leave nothing behind.

    Each call makes up new records, one for the shell and one for JavaScript, so that no two get in each other's way.
    """
    url = f"{base}{resource.address}"
    pairs = zip(_requests(resource, url), _requests(resource, url), strict=True)
    return [Write(shell.title, shell.method, _curl(shell), _fetch(script)) for shell, script in pairs]


def _queries(resource: Resource) -> Iterator[tuple[str, str]]:
    """What a list can be asked for, each shown on a field that is good for it."""
    values = example(resource)
    yield "One page, five to a page", "_page=1&_per_page=5"
    if day := _first(resource, lambda field: field.kind is DAY):
        yield "Latest day first", f"_sort=-{quote(day.name)}"
    if choice := _first(resource, lambda field: bool(field.choices) or field.kind is TRUTH):
        yield "One value of a field", f"{quote(choice.name)}={quote(javascript.text(values[choice.name]))}"
    if number := _first(resource, lambda field: field.kind in _NUMBERS):
        name, value = quote(number.name), values[number.name]
        yield "A range", f"{name}_gte={value - 5}&{name}_lte={value + 15}"
    if text := _last(resource, lambda field: field.kind is TEXT and not field.choices):
        yield "A word in any field", f"q={quote(str(values[text.name]).lower())}"
        yield "Nearly this, the best first", f"{quote(text.name)}:similar={quote(str(values[text.name]).lower())}"


def _first(resource: Resource, wanted: Callable[[Field], bool]) -> Field | None:
    return next((field for field in resource.fields.values() if field.name != "id" and wanted(field)), None)


def _last(resource: Resource, wanted: Callable[[Field], bool]) -> Field | None:
    return next(
        (field for field in reversed(list(resource.fields.values())) if field.name != "id" and wanted(field)), None
    )


def _requests(resource: Resource, url: str) -> list[_Request]:
    sent = bodies(resource, secrets.token_hex(3))
    row = f"{url}/{sent.key}"
    return [
        _Request(f"Add {resource.a_noun}", "POST", url, sent.new),
        _Request("Change only some fields", "PATCH", row, sent.change),
        _Request("Delete it", "DELETE", row, None),
    ]


def _curl(request: _Request) -> str:
    lines = [f"curl -X {request.method} {shlex.quote(request.url)}"]
    if request.body is not None:
        body = json.dumps(request.body, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    return " \\\n  ".join(lines)


def _fetch(request: _Request) -> str:
    options = [f'  method: "{request.method}",']
    if request.body is not None:
        body = json.dumps(request.body, ensure_ascii=False)
        options += ['  headers: { "Content-Type": "application/json" },', f"  body: JSON.stringify({body}),"]
    return "\n".join([f"await fetch({json.dumps(request.url)}, {{", *options, "}).then((response) => response.json())"])
