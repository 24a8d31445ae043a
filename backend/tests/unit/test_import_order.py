"""The house's arrows point one way; each room imports only what it may (docs/architecture.md)."""

import ast
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]

# Room -> the rooms of ours it may import. A room may always import itself.
MAY_IMPORT = {
    "config": set[str](),
    "errors": set(),
    "limits": set(),
    "outages": set(),
    "models": set(),
    "sql": set(),
    "schemas": {"models"},
    "jsonserver": {"schemas", "models", "sql", "limits"},
    "database": {"sql", "errors", "config", "outages"},
    "round_trips": set(),
    "services": {"round_trips", "database", "jsonserver", "schemas", "models", "sql", "errors", "limits"},
    "api": {"services", "database", "schemas", "errors", "config", "limits", "logs", "jsonserver", ""},
    "importer": {"schemas", "models", "sql", "errors"},
    "exporter": {"importer", "jsonserver", "models", "sql"},
    "embedded": {"config"},
    "logs": {"config"},
    "development": {"embedded", "importer", "config"},
    "target": {"config", "embedded", "development", "importer"},
    "banner": {"config", ""},
    "server": {"config", "main", "api", "errors", "limits"},
    "main": {"logs", "api", "services", "database", "config", "embedded", "development", ""},
    "__main__": {"main", "server", "embedded", "development", "banner", "config", "logs", ""},
}
FRAMEWORKS = {"fastapi": {"main", "api"}, "starlette": {"main", "api", "server"}, "uvicorn": {"server"}}


def rooms() -> list[tuple[Path, str]]:
    app = BACKEND / "app"
    return [
        (p, p.relative_to(app).parts[0].removesuffix(".py"))
        for p in sorted(app.rglob("*.py"))
        if p.parent != app or p.stem != "__init__"
    ]


def imported(path: Path) -> set[str]:
    """Dotted names of every module the file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" if node.module == "app" else node.module for alias in node.names}
    return names


@pytest.mark.parametrize(("path", "room"), rooms(), ids=lambda value: getattr(value, "name", value))
def test_a_room_imports_only_what_it_may(path: Path, room: str) -> None:
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("app.")} - {room}
    allowed = MAY_IMPORT[room] | ({"__version__"} if "" in MAY_IMPORT[room] else set())
    assert ours <= allowed


@pytest.mark.parametrize(("path", "room"), rooms(), ids=lambda value: getattr(value, "name", value))
def test_frameworks_are_known_only_at_the_edge(path: Path, room: str) -> None:
    known = {name.split(".")[0] for name in imported(path)} & FRAMEWORKS.keys()
    assert all(room in FRAMEWORKS[framework] for framework in known)
