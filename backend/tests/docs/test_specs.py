"""The evidence of the specification exists, and its data model is the table."""

import ast
import re

import pytest
from sqlalchemy import CheckConstraint, PrimaryKeyConstraint

from app.config import BACKEND
from app.models.patient import TABLE
from app.resources import PATIENTS
from tests.docs.pages import ROOT, SPECS, code, rows

SPEC, MODEL = SPECS / "spec.md", SPECS / "data-model.md"
REQUIREMENTS = [
    cells for heading in ("## Functional requirements", "## Success criteria") for cells in rows(SPEC, heading)
]
NAMED = sorted({name for name in code(SPEC.read_text()) if "::" in name})


@pytest.mark.parametrize("name", NAMED)
def test_the_evidence_exists(name: str) -> None:
    file, test = name.split("::")
    tree = ast.parse((BACKEND / "tests" / file).read_text())
    functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert test in functions


@pytest.mark.parametrize("cells", REQUIREMENTS, ids=lambda cells: cells[0])
def test_every_requirement_has_evidence(cells: list[str]) -> None:
    evidence = code(cells[2])
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert evidence
    assert [one for one in evidence if one not in NAMED and one.removeprefix("make ") not in targets] == []


def test_requirements_are_numbered() -> None:
    for kind in ("FR", "SC"):
        numbers = [cells[0] for cells in REQUIREMENTS if cells[0].startswith(kind)]
        assert numbers == [f"{kind}-{n:02}" for n in range(1, len(numbers) + 1)]
        assert len(numbers) >= 10


def test_the_data_model_has_every_column() -> None:
    table = rows(MODEL, "# Data model")
    listed = {code(cells[1])[0]: (code(cells[0]) or [cells[0]])[0] for cells in table}
    wire = {field.column: name for name, field in PATIENTS.fields.items()}
    assert listed == {column.name: wire.get(column.name, listed.get(column.name)) for column in TABLE.columns}
    assert {code(cells[1])[0]: cells[2] for cells in table} == {
        column.name: _type(str(column.type)) for column in TABLE.columns
    }


def _type(name: str) -> str:
    return name.lower().partition(" ")[0]


def test_the_data_model_names_every_constraint() -> None:
    said = MODEL.read_text()
    checked = next(line for line in said.split("- ") if "_check`" in line).partition("for ")[2]
    for constraint in TABLE.constraints:
        name = str(constraint.name)
        if isinstance(constraint, CheckConstraint):
            assert name.removeprefix("patients_").removesuffix("_check") in code(checked)
        else:
            assert f"`{name}`" in said, isinstance(constraint, PrimaryKeyConstraint)
