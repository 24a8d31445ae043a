"""HTML pages from `templates/`. What a page says is its route's business.

Those for people (`Site`) share a frame, a style and scripts in `static/`; `page` inlines the style and script of one
that stands alone. Either way the policy allows just these.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from app.api.access import actor_of, names
from app.resource.resource import Resource

_FOLDER, STATIC = Path(__file__).with_name("templates"), Path(__file__).with_name("static")
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)

# What every page may do; a page names what more it needs (W3C Content Security Policy 3).
_POLICY = {
    "default-src": "'none'",
    "connect-src": "'self'",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


# Beside the tables: words, address, and the right that it takes on each resource, if it takes one.
IMPORT = "/-import"
_MORE = (("Import", IMPORT, "i"), ("API", "/-about", ""), ("Docs", "/docs", ""))


class Link(NamedTuple):
    """Of the navigation: its words, its address, and whether it is this page's."""

    words: str
    address: str
    here: bool


@dataclass(frozen=True)
class Site:
    """The pages for people: `templates/<name>.html` in the frame of `base.html`, with `static/site.css` and, if there
    is one, `static/<name>.js`."""

    resources: Sequence[Resource]
    asked: bool
    """Whether one must be known to see records."""
    imports: bool = True
    """Whether a file may be imported here."""

    def page(self, request: Request, name: str, /, status: int = 200, **values: Any) -> Response:
        frame = {
            "product": request.app.title,
            "version": request.app.version,
            "root": self.root(request),
            "static": f"{self.root(request)}/-static/{version()}",
            "script": name,
            "stranger": self.asked and actor_of(request.scope) is None,
            "live": self.may(request, "s", *self.resources),
            "known": getattr(actor_of(request.scope), "name", ""),
            "tables": [self._link(request, one.path, self.table(one)) for one in self.resources],
            "more": [self._link(request, words, address) for words, address in self._more(request)],
        }
        html = _TEMPLATES.get_template(f"{name}.html").render(frame | values)
        own = dict.fromkeys(("style-src", "script-src"), "'self'") | {"form-action": "'self'"}
        return Response(html, status, _headers(_policy(_POLICY | own)), "text/html")

    def table(self, resource: Resource) -> str:
        """The address of a resource's table; the only one is at the root."""
        return "/" if len(self.resources) == 1 else f"/-{resource.address}"

    def may(self, request: Request, letter: str, *resources: Resource) -> bool:
        """Whether who asks has a right on these; everybody where nobody is asked."""
        actor = actor_of(request.scope)
        return not self.asked or bool(actor and all(actor.may(letter, names(one)) for one in resources))

    def root(self, request: Request) -> str:
        """What stands before every address (BASE_PATH)."""
        root: str = request.scope.get("root_path", "")
        return root

    def _more(self, request: Request) -> Iterator[tuple[str, str]]:
        for words, address, letter in _MORE:
            if (not letter or self.may(request, letter, *self.resources)) and (self.imports or address != IMPORT):
                yield words, address

    def _link(self, request: Request, words: str, address: str) -> Link:
        return Link(words, self.root(request) + address, request.scope["path"] == address)


def page(name: str, needs: Mapping[str, str] | None = None, /, **values: Any) -> Response:
    """`templates/<name>.html` with `values`; `needs` adds sources to directives of the policy.

    The template finds the text of `<name>.css` and `<name>.js` as `style` and `script`, and must inline them unchanged.
    """
    style, script = _source(f"{name}.css"), _source(f"{name}.js")
    html = _TEMPLATES.get_template(f"{name}.html").render(values, style=style, script=script)
    inlined = {"style-src": _hash(style), "script-src": _hash(script)}
    return Response(html, 200, _headers(_policy(_POLICY, inlined, needs or {})), "text/html")


@cache
def files() -> Mapping[str, bytes]:
    """What stands in `static/`, by name."""
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir())}


@cache
def version() -> str:
    """Of all of them together: an address with it may be kept for ever."""
    return hashlib.sha256(repr(files()).encode()).hexdigest()[:12]


def _headers(policy: str) -> dict[str, str]:
    return {"Content-Security-Policy": policy, "Cache-Control": "no-store"}


def _policy(*additions: Mapping[str, str]) -> str:
    sources: dict[str, list[str]] = {}
    for addition in additions:
        for name, value in addition.items():
            sources.setdefault(name, []).append(value)
    return "; ".join(f"{name} {' '.join(values)}" for name, values in sources.items())


@cache
def _source(file: str) -> str:
    return (_FOLDER / file).read_text(encoding="utf-8")


@cache
def _hash(text: str) -> str:
    """A source expression that allows exactly this inline text (CSP 3, 2.3.1)."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
