"""The rules of a patient: on the wire, in the table, in db.json, in words; and that nobody else knows of patients."""

import json
import re
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import CheckConstraint

from app.api import field_rules
from app.config import BACKEND
from app.models.patient import TABLE
from app.resource.record import check
from app.resources import PATIENTS
from tests.patients import patient

APP = BACKEND / "app"
RULES = {
    "id": ["text", "not empty", "at most 255 characters", "unique", "made by the server if absent or empty"],
    "patientID": ["text", "not blank", "at most 50 characters", "unique"],
    "name": ["text", "not blank", "at most 255 characters"],
    "age": ["whole number", "greater than 0", "at most 2,147,483,647", "also as text"],
    "gender": ["one of Male, Female, Other"],
    "medicalCondition": ["text", "not blank", "at most 255 characters"],
    "lastVisit": ["a day as YYYY-MM-DD"],
}
BROKEN: list[tuple[str, Any]] = [
    ("patientID", " "),
    ("patientID", "x" * 51),
    ("name", "\u2003\ufeff"),
    ("name", "x" * 256),
    ("age", 0),
    ("age", 2**31),
    ("gender", "male"),
    ("medicalCondition", "\t"),
    ("medicalCondition", "x" * 256),
    ("lastVisit", "0001-01-01 BC"),
]


def test_every_field_is_told_with_its_rules_in_wire_order() -> None:
    assert {field.name: field.rules for field in field_rules.fields(PATIENTS)} == RULES
    assert list(PATIENTS.fields) == list(RULES)


def test_the_genders_of_the_wire_are_those_of_the_table() -> None:
    checks = {one.name: str(one.sqltext) for one in TABLE.constraints if isinstance(one, CheckConstraint)}
    assert checks["patients_gender_check"] == f"gender IN {PATIENTS.fields['gender'].choices}"


@pytest.mark.parametrize(("field", "value"), BROKEN)
async def test_the_api_and_the_database_hold_the_same_rules(
    client: httpx2.AsyncClient, table: psycopg.Connection[Any], field: str, value: object
) -> None:
    assert (await client.post("/patients", json=patient(id="1"))).status_code == 201
    refused = await client.patch("/patients/1", json={field: value})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [field])
    column = PATIENTS.fields[field].column
    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.NumericValueOutOfRange)) as caught:
        table.execute(f"UPDATE patients SET {column} = %s".encode(), [value])
    assert caught.value.diag.constraint_name in {f"patients_{column}_check", None}


async def test_a_patient_id_is_held_by_one_patient(client: httpx2.AsyncClient) -> None:
    first, second = [await client.post("/patients", json=patient()) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 409)
    assert second.json()["errors"] == {"patientID": "is already used by another patient"}


def test_db_json_is_as_json_server_writes_it() -> None:
    text = (BACKEND.parent / "db.json").read_text()
    document = json.loads(text)
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert list(document) == ["patients"]
    for one in document["patients"]:
        assert list(one) == list(PATIENTS.fields)
        check(one, PATIENTS, PATIENTS.create)


def test_one_table_one_body_and_one_line_name_the_patient() -> None:
    """In code, sentences and pages. The product's own name is in `app/__init__.py`, and the published table of
    differences gives its examples of what is shipped."""
    told = APP / "cutover/differences"
    files = [
        path for path in APP.rglob("*.*") if path.suffix in {".py", ".html", ".js", ".css"} and told not in path.parents
    ]
    found = {path.relative_to(APP).as_posix() for path in files if re.search("(?i)patient", path.read_text())}
    assert found == {"__init__.py", "resources.py", "models/patient.py", "schemas/patient.py"}
