"""What the pages list is complete: settings, addresses, operators, statuses, causes, metrics, rooms."""

import re
import typing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from pydantic import SecretStr, create_model
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase
from starlette.routing import Route

from app.api.metrics import Metrics
from app.command_line import FLAGS, MISSING
from app.config import BACKEND, Settings
from app.cutover import faces
from app.cutover.status import Status
from app.dialect.query import SPELLINGS
from app.errors import Problem
from app.limits import FILTERS, PARAMETERS, PATTERN_LENGTH, PATTERNS, SORT_KEYS
from app.main import create_app
from app.outages import _REASONS, SILENT, STATES
from app.resource import columns, shapes
from app.resource.columns import EXTRA_BYTES
from app.resource.kinds import KINDS
from app.resource.resource import Resource
from app.resource.strict_json import MAX_DIGITS, MAX_VALUES
from app.server.protocol import _REFUSALS
from tests.docs.pages import DOCS, PAGES, ROOT, code, rows
from tests.docs.regenerate import GENERATED, description

OPERATIONS, ARCHITECTURE = DOCS / "operations.md", DOCS / "architecture.md"
KIND_ROWS = rows(ARCHITECTURE, "## A resource")
COMPATIBILITY = (DOCS / "json-server-compatibility.md").read_text()


def test_every_setting_is_listed_with_its_default() -> None:
    listed = {code(name)[0]: default.strip("`") for name, default, _ in rows(OPERATIONS, "## Settings")}
    assert listed == {name.upper(): shown(field.default) for name, field in Settings.model_fields.items()}


def shown(default: Any) -> str:
    """As a person writes it: paths from backend/, no fraction without need."""
    if default is None:
        return "unset"
    if isinstance(default, Path):
        return str(default.relative_to(BACKEND)) if default.is_relative_to(BACKEND) else f"../{default.name}"
    return str(default).lower() if isinstance(default, bool) else str(default).removesuffix(".0")


def test_every_address_is_listed_with_its_methods() -> None:
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none"), metrics=True))
    served = {
        (route.path, method) for route in app.routes if isinstance(route, Route) for method in route.methods or ()
    }
    table = rows(OPERATIONS, "## Addresses")
    listed = {(address, method) for cells in table for address in code(cells[0]) for method in cells[1].split(", ")}
    assert listed == {(path, method) for path, method in served if method != "HEAD"}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_operator_is_listed(spelling: str) -> None:
    assert f"`{spelling}`" in COMPATIBILITY


@pytest.mark.parametrize(
    "limit",
    [
        f"{PARAMETERS:,} parameters",
        f"{FILTERS} filters",
        f"{SORT_KEYS} sort keys",
        f"{PATTERNS} patterns of {PATTERN_LENGTH:,} characters",
        f"{MAX_VALUES:,} JSON values",
        f"{MAX_DIGITS:,} digits",
        f"{EXTRA_BYTES >> 20} MiB",
    ],
)
def test_every_limit_of_a_request_is_listed(limit: str) -> None:
    assert limit in " ".join(COMPATIBILITY.split())


def test_every_list_parameter_is_listed() -> None:
    parameters = description()["paths"]["/patients"]["get"]["parameters"]
    own = {one["name"] for one in parameters if one["in"] == "query" and re.fullmatch("q|_[a-z_]+", one["name"])}
    assert len(own) >= 9
    assert own <= set(code(COMPATIBILITY))


def test_every_status_is_explained() -> None:
    statuses = {kind.status for kind in _kinds(Problem)} | _REFUSALS.keys() | {304, 405}
    assert {int(cells[0]) for cells in rows(OPERATIONS, "## What each answer means")} == statuses


def _kinds(kind: type[Problem]) -> set[type[Problem]]:
    return {kind}.union(*map(_kinds, kind.__subclasses__()))


def test_every_cause_of_an_outage_is_explained() -> None:
    listed = {cells[0] for cells in rows(OPERATIONS, "## Logs")}
    causes = {*_REASONS.values(), *STATES.values(), SILENT}
    assert causes <= listed


def test_every_metric_is_explained() -> None:
    names = {metric.name for metric in Metrics()._registry.collect() if not metric.name.startswith("process_")}
    said = OPERATIONS.read_text()
    assert names
    assert all(name in said for name in names)


def test_every_metric_of_the_cutover_is_listed() -> None:
    journal = {"open": 0, "owed": 0, "unfinished": 0, "refused": []}
    facts = Status().as_json() | {"stage": "old", "share": 0, "held": "", "journal": journal}
    said = bytes(faces.metrics(facts).body).decode()
    names = re.findall("^# TYPE (.*) (?:counter|gauge)$", said, re.MULTILINE)
    assert {code(name)[0] for name, _ in rows(OPERATIONS, "## Metrics")} == set(names)


def test_every_log_line_is_explained() -> None:
    """The beginning of each message, up to its first placeholder."""
    said = " ".join(cells[0] for cells in rows(OPERATIONS, "## Logs"))
    source = "\n".join(path.read_text() for path in (BACKEND / "app").rglob("*.py"))
    messages = re.findall(r'\b(?:log|faults)\.(?:info|warning|error|critical)[(,\s]+"([^%"]+)', source)
    assert len(messages) >= 8
    assert [message for message in messages if message.strip().partition(":")[0][:20] not in said] == []


def test_every_room_is_described() -> None:
    app = BACKEND / "app"
    there = {path.stem for path in app.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()} - {
        "__init__"
    }
    assert {code(cells[0])[0] for cells in rows(ARCHITECTURE, "## The rooms")} == there


@pytest.mark.parametrize(("kind", "column", "field"), KIND_ROWS, ids=[cells[0] for cells in KIND_ROWS])
def test_a_field_of_each_kind_is_declared_as_it_is_written(kind: str, column: str, field: str) -> None:
    class Base(DeclarativeBase):
        metadata = sqlalchemy.MetaData(naming_convention=columns.Base.metadata.naming_convention)

    names = {**vars(sqlalchemy), **vars(columns), **vars(shapes), **vars(typing), **vars(postgresql), **vars(orm)}
    (in_the_table := eval(code(column)[0], names)).column.nullable = False
    members = {"__tablename__": "notes", "__table_args__": columns.rules("notes"), "one": in_the_table}
    model: Any = type("Note", (columns.Record, Base), members)
    body = create_model("NoteReplace", __base__=shapes.Body, one=(eval(code(field)[0], names), ...))
    assert Resource("notes", "note", model.__table__, body).fields["one"].kind.name == kind


def test_every_kind_is_described() -> None:
    assert [cells[0] for cells in KIND_ROWS] == [kind.name for kind in KINDS]


def test_what_is_said_of_the_blueprint_is_in_it() -> None:
    written = (ROOT / "render.yaml").read_text()
    said = rows(DOCS / "deployment.md", "## Render")
    assert len(said) >= 8
    for field, value, _ in said:
        literal = code(value)[0].partition(" …")[0] if "`" in value else value if value.isdigit() else ""
        assert re.search(rf"{code(field)[0]}\b.*{re.escape(literal)}", written), field


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_the_generated_parts_are_up_to_date(path: Path) -> None:
    assert path.read_text() == GENERATED[path](path.read_text()), "run `make fix`"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text().replace("\n", ""))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_the_readme_is_short_and_says_where_every_flag_went() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.count("\n") <= 150
    told = {flag for cells in rows(ROOT / "README.md", "## json-server's flags") for flag in code(cells[0])}
    flags = [set(flag.names) for flag in (*FLAGS, *MISSING) if not {"--help", "-h", "--version"} & set(flag.names)]
    assert [names for names in flags if not names & told] == []
    assert told <= set().union(*flags)


def test_what_the_readme_says_of_a_section_leads_to_one() -> None:
    links = re.findall(r"\]\((docs/[^)#]*)#([^)]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if link[1] not in anchors(ROOT / link[0])] == []


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_nothing_is_said_of_a_file_that_is_not_there() -> None:
    """Paths in backquotes, from the top or from backend/."""
    named = {
        name
        for page in PAGES
        for name in code(page.read_text())
        if re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|yaml|md|json|txt)", name)
    }
    places = (ROOT, BACKEND, BACKEND / "app", DOCS)
    new = {
        "backend/alembic/versions/0010_blood_group.py",
        "backend/tests/patients/test_doctors.py",
        *(f"backend/app/{room}/doctor.py" for room in ("models", "schemas")),
    }
    assert {name for name in named - new if not any((place / name).exists() for place in places)} == set()
