"""Names as JSON may have them, and what becomes of them in Python, in SQL and on the wire."""

import keyword
import warnings
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.config import Settings
from app.declaring.collections import Collection, parted
from app.declaring.names import identifier, title
from app.declaring.sources import module
from app.declaring.tables import altered, table
from app.main import create_app
from app.resource.record import check
from tests.declared import of, resource

NAMES = {
    "patientID": "patient_id",
    "medicalRecords": "medical_records",
    "test-case-id": "test_case_id",
    "first name": "first_name",
    "class": "class_",
    "None": "none",
    "2fa": "field_2fa",
    "größe": "grosse",
    "姓名": "field",
    "prénom": "prenom",
    "": "field",
    "?!": "field",
    "²": "field_2",
    "__typename": "typename",
    "_id": "id_",
    "position": "position_",
    "extra": "extra_",
    "copy": "copy_",
    "json": "json_",
    "schema": "schema_",
    "metadata": "metadata_",
    "registry": "registry_",
    "model_config": "model_config_",
    "model_dump_it": "field_model_dump_it",
    "int": "int_",
    "HTTPServer": "http_server",
    "x" * 70: "x" * 40,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_written_so(name: str) -> None:
    assert identifier(name) == NAMES[name]


def test_names_that_come_to_the_same_are_told_apart() -> None:
    declared = of("visits", [{"Name": 1, "name": 2, "NAME": 3, "id_": 4, "_id": 5}])
    assert [one.name for one in declared.columns] == ["name", "name_2", "name_3", "id_", "id_2"]


@given(st.text())
def test_an_identifier_is_one(name: str) -> None:
    made = identifier(name)
    assert made.isidentifier()
    assert not keyword.iskeyword(made)
    assert not made.startswith("_")
    assert len(made.encode()) < 60
    assert title(name).isidentifier()


_ALL = st.text(max_size=6) | st.sampled_from([*NAMES, "a\0", "a\ud800", "50%", "{x}", 'a"b', "a'b", "a\\b", "a.b"])


@given(st.lists(_ALL, min_size=1, max_size=8, unique=True))
def test_every_name_is_right_on_the_wire(names: list[str]) -> None:
    record = {name: place for place, name in enumerate(names) if name != "id"}
    declared = of("visits", [record])
    made = resource(declared)
    sent = {name: value for name, value in record.items() if name not in declared.undeclared}
    checked = check(sent, made, made.create)
    assert {made_of: checked.columns[field.column] for made_of, field in made.fields.items() if made_of != "id"} == sent
    assert {*declared.undeclared} == {
        name for name in record if not name or "\0" in name or "\ud800" in name or len(name) > 63
    }
    assert list(altered(made.table, table(declared))) == []


def nouns_of(*paths: str, **served: str) -> dict[str, tuple[str, str]]:
    found, _ = parted({path: [{}] for path in paths}, served)
    return {one.path: (one.noun, module(one)) for one in found}


def test_a_noun_names_modules_and_classes_that_are_possible() -> None:
    assert nouns_of("classes", "imported", "test-cases", "medicalRecords", "2fa", "records") == {
        "classes": ("class", "class_"),
        "imported": ("imported", "imported"),
        "test-cases": ("test-case", "test_case"),
        "medicalRecords": ("medicalRecord", "medical_record"),
        "2fa": ("2fa", "field_2fa"),
        "records": ("record", "record"),
    }


def test_no_two_have_the_same_noun() -> None:
    found = nouns_of("person", "people", "Person", "test-cases", "testCases", doctors="person")
    assert len({module for _, module in found.values()}) == len(found)
    assert "person" not in {module for _, module in found.values()}


@pytest.mark.parametrize(
    "paths",
    [
        ("a-b", "a_b", "aB"),
        ("pets", "petVersions", "petPages", "pet-creates"),
        ("petVersions", "pets"),
        ("Changes", "Imports", "import reports", "visits"),
        ("patients", "historyOfPatients", "history of patient"),
    ],
)
def test_names_that_come_to_the_same_are_told_apart_in_the_description(paths: Sequence[str]) -> None:
    """Clients that are made from it call a function by each operation's name, and a type by each shape's."""
    found, _ = parted({path: [{"day": "2024-01-15"}] for path in paths}, {})
    resources = list(map(resource, found))
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none")), resources)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = app.openapi()
    names = [one["operationId"] for item in schema["paths"].values() for one in item.values()]
    assert len(set(names)) == len(names)
    assert {"listChanges", "startImport", "getImportReport", "checkHealth"} <= set(names)
    assert schema["paths"]["/changes"]["get"]["operationId"] == "listChanges"
    assert len(schema["components"]["schemas"]) == 4 + 6 * len(paths)


@pytest.mark.parametrize(
    "path", ["records", "bases", "tables", "dates", "any", "mapped", "classes", "str", "None", "2fa", "ünïts"]
)
def test_a_collection_of_any_name_is_declared(path: str) -> None:
    assert resource(of(path, [{"id": 1, "day": "2024-01-15", "any": [1], "other": True}])).path == path


LEFT: dict[str, tuple[Any, str]] = {
    "settings": ({"a": 1}, "it is an object"),
    "version": (3, "it is a single value"),
    "tags": (["a", "b"], "2 of its 2 elements are no objects"),
    "docs": ([{}], "/docs is an address of the server's own"),
    "pg_class": ([{}], "a table of this name is the server's or PostgreSQL's own"),
    "alembic_version": ([{}], "a table of this name is the server's or PostgreSQL's own"),
    "a/b": ([{}], "its name has characters that an address cannot have"),
    "é" * 23: ([{}], "its name has more than 45 bytes"),
}


def test_what_cannot_be_declared_is_left_with_the_reason() -> None:
    found, left = parted({path: value for path, (value, _) in LEFT.items()}, {})
    assert found == []
    assert dict(left) == {path: reason for path, (_, reason) in LEFT.items()}


IDS: list[tuple[list[Any], bool]] = [
    ([1, 2], True),
    ([1, -2], True),
    ([1, "2"], False),
    (["1", "2"], False),
    ([1, None], False),
    ([1, 0], True),
    ([1, True], False),
    ([1, 1.5], False),
    ([1, 2**53], False),
    ([], False),
]


@pytest.mark.parametrize(("ids", "numbered"), IDS, ids=repr)
def test_ids_are_numbers_if_every_one_is(ids: list[Any], numbered: bool) -> None:
    records = [{} if key is None else {"id": key} for key in ids]
    assert of("visits", records).numbered is numbered


def indexed(declared: Collection) -> list[str]:
    return [one.name for one in declared.columns if one.indexed]


def test_references_days_and_some_numbers_have_an_index() -> None:
    numbers = {f"number{place}": place for place in range(9)}
    record = {"patientId": "1", "doctor_id": 2, "long-id": "x" * 256, "name": "a", "day": "2024-01-15", **numbers}
    assert indexed(of("visits", [record])) == ["patient_id", "doctor_id", "day", *(f"number{n}" for n in range(4))]
