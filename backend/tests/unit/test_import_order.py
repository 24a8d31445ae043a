"""The house's arrows point one way; each room imports only what it may (docs/architecture.md)."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.config import BACKEND

APP = BACKEND / "app"

# Room -> the rooms of ours it imports beside itself.
IMPORTS = {
    "libpq": set[str](),
    "origins": set(),
    "access": {"errors"},
    "cores": set(),
    "config": {"libpq", "origins", "access", "cores"},
    "spelling": {"config"},
    "errors": set(),
    "limits": set(),
    "outages": {"errors"},
    "sql": set(),
    "turns": set(),
    "resource": {"sql", "limits"},
    "models": {"resource"},
    "schemas": {"models", "resource"},
    "resources": {"models", "schemas", "resource"},
    "dialect": {"resource", "sql", "limits"},
    "database": {"sql", "errors", "config", "outages", "watch", "ending", "lanes", "connections", "primary", "refused"},
    "refused": {"errors", "outages"},
    "primary": {"ending", "libpq", "outages"},
    "connections": {"config", "libpq"},
    "lanes": {"sql"},
    "ending": set(),
    "watch": {"outages", "errors"},
    "round_trips": {"errors"},
    "services": {"turns", "round_trips", "database", "refused", "dialect", "resource", "sql", "errors", "limits"},
    "api": {
        "access",
        "imports",
        "people",
        "turns",
        "services",
        "database",
        "outages",
        "dialect",
        "resource",
        "errors",
        "config",
        "limits",
        "logs",
        "origins",
    },
    "imports": {"config", "database", "errors", "libpq", "limits", "refused", "resource", "services", "sql"},
    "apart": {"exporter", "importer", "imports", "logs", "resource", "resources"},
    "importer": {"resource", "sql", "libpq", "outages", "limits"},
    "exporter": {"importer", "dialect", "resource"},
    "embedded": {"libpq"},
    "logs": {"config"},
    "migrating": {"dialect", "resource", "sql"},
    "declaring": {"config", "embedded", "libpq", "resource", "sql"},
    "seed": {"config", "importer", "libpq", "resource"},
    "development": {"embedded", "seed", "config", "resources"},
    "target": {"spelling", "config", "embedded", "development", "importer", "seed"},
    "banner": {"config", "libpq", "outages", "resource"},
    "server": {"config", "limits"},
    "cutover": {"config", "importer", "limits", "logs", "resource", "server"},
    "main": {
        "access",
        "imports",
        "people",
        "turns",
        "spelling",
        "logs",
        "api",
        "services",
        "database",
        "dialect",
        "errors",
        "resource",
        "resources",
        "config",
        "embedded",
        "development",
    },
    "command_line": {"importer"},
    "commands": {"access", "people"},
    "people": {"access", "database", "errors", "importer", "libpq", "outages", "resource", "sql", "target"},
    "past": {"importer", "libpq", "outages", "resource", "services", "sql", "target"},
    "remote": {"importer"},
    "replay": {"errors", "importer", "libpq", "limits", "outages", "resource", "services", "target"},
    "__main__": {
        "cutover",
        "main",
        "past",
        "replay",
        "server",
        "embedded",
        "development",
        "seed",
        "spelling",
        "banner",
        "command_line",
        "commands",
        "config",
        "logs",
        "libpq",
        "resources",
        "api",
    },
}
FRAMEWORKS = {"fastapi": {"main", "api"}, "starlette": {"api", "server", "cutover"}, "uvicorn": {"server"}}


def rooms() -> Mapping[str, Iterable[str]]:
    """Room -> dotted names of every module it imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in APP.rglob("*.py"):
        found[path.relative_to(APP).parts[0].removesuffix(".py")] |= imported(path)
    del found["__init__"]
    return found


def imported(path: Path) -> set[str]:
    """Dotted names of every module the file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" if node.module == "app" else node.module for alias in node.names}
    return names


def test_a_room_imports_only_what_it_may() -> None:
    found = {room: {name.split(".")[1] for name in names if name.startswith("app.")} for room, names in rooms().items()}
    product = {"NAME", "PROGRAM", "DATABASE", "__version__"}
    assert {room: ours - {room, *product} for room, ours in found.items()} == IMPORTS


def test_what_is_served_is_known_to_those_alone_who_hand_it_in() -> None:
    """Where a process begins, and what a developer's machine is made ready with."""
    files = {path.relative_to(APP).as_posix(): path for path in APP.rglob("*.py")}
    knowing = {name for name, path in files.items() if "app.resources" in imported(path)}
    assert knowing == {"main.py", "__main__.py", "apart/__main__.py", "development.py"}


def test_connections_are_opened_in_two_places() -> None:
    """Requests' and all others'; what DATABASE_URL says means the same in both."""
    opening = re.compile(
        r"\bpsycopg\.connect\(|\.connect\(self\._dsn|AsyncConnectionPool\(|conninfo_to_dict\(|create_engine\("
    )
    files = [path for folder in ("app", "alembic", "scripts") for path in (BACKEND / folder).rglob("*.py")]
    found = {path.relative_to(BACKEND).as_posix() for path in files if opening.search(path.read_text())}
    assert found == {"app/libpq.py", "app/database.py", "alembic/env.py"}
    assert "creator=partial(libpq.connect, dsn)" in (BACKEND / "alembic/env.py").read_text()


def test_frameworks_are_known_only_at_the_edge() -> None:
    found = {room: {name.split(".")[0] for name in names} for room, names in rooms().items()}
    assert {one: {room for room, known in found.items() if one in known} for one in FRAMEWORKS} == FRAMEWORKS


def test_the_judge_of_the_contract_knows_nothing_of_what_it_judges() -> None:
    """Else a fault of ours would explain itself."""
    said = "import sys, app.cutover.differences; print([name for name in sys.modules if name.startswith('app.')])"
    done = subprocess.run([sys.executable, "-c", said], cwd=BACKEND, capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stdout)
    assert "app.cutover.differences" in loaded
    assert [name for name in loaded if not name.startswith("app.cutover")] == []
