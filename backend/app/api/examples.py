"""Requests to try, complete for one server: addresses to read, and commands that write. Texts only; nothing is sent."""

import json
import secrets
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from app.api.field_rules import example


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


_QUERIES = (
    ("One page, five to a page", "_page=1&_per_page=5"),
    ("Latest visit first", "_sort=-lastVisit"),
    ("One value of a field", "gender=Female"),
    ("A range", "age_gte=40&age_lte=60"),
    ("A word in any field", "q=asthma"),
)


def reads(path: str, first: str | None) -> list[Read]:
    """The GET examples of the list at `path`; `first` is the id of a row there, None if there is none to read."""
    row = [Read("One patient", f"{path}/{quote(first, safe='')}")] if first is not None else []
    return [*(Read(title, f"{path}?{query}") for title, query in _QUERIES), *row]


def writes(url: str) -> list[Write]:
    """POST, PATCH and DELETE at the list's `url`: in this order they succeed as they stand, and leave nothing behind.

    Each call makes up new patients, one for the shell and one for JavaScript, so that no two get in each other's way.
    """
    pairs = zip(_requests(url), _requests(url), strict=True)
    return [Write(shell.title, shell.method, _curl(shell), _fetch(script)) for shell, script in pairs]


def _requests(url: str) -> list[_Request]:
    key = f"example-{secrets.token_hex(3)}"
    row = f"{url}/{key}"
    return [
        _Request("Add a patient", "POST", url, {"id": key, **example(), "patientID": key.upper()}),
        _Request("Change only some fields", "PATCH", row, {"age": 46}),
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
