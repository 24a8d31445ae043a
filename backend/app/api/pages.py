"""HTML pages from `templates/`, style and script inlined, under a policy that allows just these.

What a page says is its route's business.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

_FOLDER = Path(__file__).with_name("templates")
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


def page(name: str, needs: Mapping[str, str] | None = None, /, **values: Any) -> Response:
    """`templates/<name>.html` with `values`; `needs` adds sources to directives of the policy.

    The template finds the text of `<name>.css` and `<name>.js` as `style` and `script`, and must inline them unchanged.
    """
    style, script = _source(f"{name}.css"), _source(f"{name}.js")
    html = _TEMPLATES.get_template(f"{name}.html").render(values, style=style, script=script)
    inlined = {"style-src": _hash(style), "script-src": _hash(script)}
    headers = {"Content-Security-Policy": _policy(inlined, needs or {}), "Cache-Control": "no-store"}
    return Response(html, 200, headers, "text/html")


def _policy(*additions: Mapping[str, str]) -> str:
    sources = {name: [value] for name, value in _POLICY.items()}
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
