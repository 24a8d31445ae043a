"""The names that our SQL gives to what stands in it (CTEs, aliases, columns), read from the sources of the app."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from app.config import BACKEND

# Where SQL stands that also names a resource's table or columns.
_ROOMS = ("dialect", "services", "importer", "resource", "declaring", "exporter.py", "past.py", "migrating.py")
_NAME = r'"?[A-Za-z_{][\w{}$]*"?'
_CTE = re.compile(rf"(?<!WINDOW )\b({_NAME})(?:\(([^()]*)\))? AS (?:(?:NOT )?MATERIALIZED )?\(")
_ALIAS = re.compile(rf"\bAS ({_NAME})(?:\(([^()]*)\))?")
_CAST = re.compile(r"CAST\([^()]*\)")
_OURS = {"position", "extra", "id"}  # columns that every table has


@cache
def given() -> dict[str, set[str]]:
    """Name, with 0 for what is put into it -> the files that give it."""
    found: dict[str, set[str]] = {}
    for room in _ROOMS:
        path = BACKEND / "app" / room
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for name in _names(ast.parse(file.read_text())):
                found.setdefault(name, set()).add(str(file.relative_to(BACKEND)))
    return found


def _names(tree: ast.AST) -> Iterator[str]:
    for text in _texts(tree):
        for pattern in (_CTE, _ALIAS):
            for name, columns in pattern.findall(_CAST.sub("", text)):
                yield from filter(None, map(_plain, [name, *columns.split(",")]))


def _plain(name: str) -> str:
    """Empty for what is no name that we give: a keyword, another's name, a column of all tables."""
    [plain, *_] = name.split() or [""]
    plain = plain.strip('"').replace("{}", "0")
    return plain if plain not in _OURS and re.fullmatch(r"[a-z_][\w$]*", plain) else ""


def _texts(tree: ast.AST) -> Iterator[str]:
    """Texts of the code, f-strings with {} for each value; what `_named` is called with, as it is written there."""
    nodes = list(ast.walk(tree))
    formatted = [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
    yield from ("".join(_written(one) for one in values) for values in formatted)
    parts = {id(one) for values in formatted for one in values}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_named":
            yield from (f"{_written(one)} AS (" for one in node.args[:1] if isinstance(one, ast.Constant))


def _written(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"
