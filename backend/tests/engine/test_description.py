"""The wire shape, the table and the API's description agree, field by field."""

import json
import re
from typing import Any

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.dialect.query import SPELLINGS
from app.main import create_app
from app.resource.javascript import BLANKS
from app.resource.record import InvalidRecord, check
from app.resource.shapes import NOT_BLANK
from tests.engine.pets import PETS, PetReplace, pet

REST = pet()


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none")), [PETS]).openapi()


def test_patch_has_every_field_of_put_and_requires_none() -> None:
    assert PETS.patch.model_fields.keys() == PetReplace.model_fields.keys()
    assert check({}, PETS, PETS.patch) == ({}, {})


def test_a_column_name_is_no_wire_name() -> None:
    record = check(REST | {"tag_number": "x"}, PETS, PETS.create)
    assert (record.columns["tag_number"], record.extra) == ("P001", {"tag_number": "x"})


def test_every_operation_says_what_it_answers(schema: dict[str, Any]) -> None:
    operations = [(path, method, op) for path, item in schema["paths"].items() for method, op in item.items()]
    assert len(operations) >= 8
    for path, method, operation in operations:
        for status, answer in operation["responses"].items():
            assert answer["description"], (path, method, status)
            assert status == "304" or answer["content"], (path, method, status)


def test_a_frontend_gets_a_choice_as_one(schema: dict[str, Any]) -> None:
    for name in ("Pet", "PetCreate", "PetReplace", "PetPatch"):
        shape = schema["components"]["schemas"][name]
        assert shape["properties"]["sex"]["enum"] == ["Male", "Female", "Other"]
        assert next(iter(shape["properties"])) in {"id", "tagNumber"}
    assert set(schema["components"]["schemas"]["Pet"]["required"]) == set(PETS.fields)


def test_every_field_is_a_parameter_and_every_operator_is_described_once(schema: dict[str, Any]) -> None:
    parameters = {one["name"]: one for one in schema["paths"]["/pets"]["get"]["parameters"]}
    assert set(PETS.fields) <= parameters.keys()
    assert len(parameters) <= 9 + len(PETS.fields) + 2
    said = parameters["_filter"]["description"]
    assert all(f"`{spelling}`" in said for spelling in SPELLINGS if spelling[0] == "_" or spelling == ":similar")
    assert "age:gte=" in said


def test_every_operation_has_a_name_of_its_own_and_a_sentence(schema: dict[str, Any]) -> None:
    operations = {one["operationId"]: one for item in schema["paths"].values() for one in item.values()}
    own = ("listPets", "createPet", "getPet", "replacePet", "updatePet", "deletePet")
    history = ("listHistoryOfPet", "getVersionOfPet", "restorePet")
    imports = ("startImport", "listImports", "getImport", "cancelImport", "getImportReport", "getImportRejects")
    of_all = ("exportAll", "listChanges", "checkHealth", "checkLiveness")
    assert operations.keys() == {*own, *history, *imports, *of_all}
    assert all(re.fullmatch(r"[A-Z].* .*[.)]", one["summary"]) for one in operations.values())


def test_an_operation_of_one_record_answers_one(schema: dict[str, Any]) -> None:
    for path, method, status in (("/pets", "post", "201"), *(("/pets/{id}", one, "200") for one in _METHODS)):
        answer = schema["paths"][path][method]["responses"][status]["content"]["application/json"]
        assert answer["schema"] == {"$ref": "#/components/schemas/Pet"}


_METHODS = ("get", "put", "patch", "delete")


def test_bringing_a_version_back_is_described_as_it_is_taken(schema: dict[str, Any]) -> None:
    operation = schema["paths"]["/pets/{id}/history"]["post"]
    assert operation["responses"].keys() == {"200", "400", "404", "409", "413", "415", "503"}
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Pet")
    body = operation["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"].keys() == set(body["schema"]["required"]) == body["example"].keys()
    assert body["schema"]["additionalProperties"] is False


def test_no_shape_refers_to_itself(schema: dict[str, Any]) -> None:
    """Generators of clients make no type of such a one."""
    shapes = schema["components"]["schemas"]
    refers = {name: set(re.findall(r"#/components/schemas/(\w+)", json.dumps(shape))) for name, shape in shapes.items()}
    for name in shapes:
        ahead, reached = {name}, set[str]()
        while ahead:
            ahead = set[str]().union(*(refers[one] for one in ahead)) - reached
            reached |= ahead
        assert name not in reached


@pytest.mark.parametrize(
    "text", ["", " ", "a", " a ", "\0", "\0a", "a\0", " \0 ", "\u00a0", "\ufeff\u2003", "\u00a0a", "\x85"]
)
def test_the_published_pattern_is_the_rule_that_is_checked(text: str) -> None:
    body = REST | {"name": text}
    pattern = NOT_BLANK.replace(r"\s", BLANKS)  # ECMA-262's white space, which is not Python's
    if re.search(pattern, text):
        check(body, PETS, PETS.create)
    else:
        with pytest.raises(InvalidRecord):
            check(body, PETS, PETS.create)


def test_the_text_of_a_number_is_described_where_it_is_accepted(schema: dict[str, Any]) -> None:
    shapes = {
        name: shape["properties"]["age"]
        for name, shape in schema["components"]["schemas"].items()
        if "Pet" in name and "age" in shape["properties"]
    }
    assert shapes.keys() == {"Pet", "PetCreate", "PetReplace", "PetPatch"}
    assert shapes.pop("Pet")["type"] == "integer"
    for shape in shapes.values():
        number, text = shape["anyOf"]
        assert (number["type"], text["type"]) == ("integer", "string")
        for sent in ("1", "45", "9" * 9):
            assert re.fullmatch(text["pattern"], sent)
            assert check(REST | {"age": sent}, PETS, PETS.create).columns["age"] == int(sent)
        assert not any(re.search(text["pattern"], sent) for sent in ("0", "045", "4e1", "", "+4", "45.0", "9" * 11))


def test_a_number_is_described_as_an_id_that_is_accepted(schema: dict[str, Any]) -> None:
    branches = schema["components"]["schemas"]["PetCreate"]["properties"]["id"]["anyOf"]
    assert [branch["type"] for branch in branches] == ["string", "integer", "string", "boolean", "null"]
    most = branches[1]["maximum"]
    assert check({"id": most, **REST}, PETS, PETS.create).columns["id"] == str(most)
    with pytest.raises(InvalidRecord):
        check({"id": most + 1, **REST}, PETS, PETS.create)
