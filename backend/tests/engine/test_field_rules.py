"""The rules the home page shows, and the requests it offers, are those of the schema."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from app.api import examples, field_rules
from app.resource.record import check
from tests.engine.pets import PETS


@pytest.mark.parametrize(
    ("keyword", "told"),
    [
        ({"multipleOf": 5}, "a multiple of 5"),
        ({"exclusiveMaximum": 10}, "less than 10"),
        ({"minLength": 2}, "at least 2 characters"),
        ({"pattern": "[a-z]"}, "pattern [a-z]"),
        ({"format": "email"}, "format email"),
        ({"contentEncoding": "base64"}, "contentEncoding base64"),
    ],
)
def test_a_rule_is_never_left_out(monkeypatch: pytest.MonkeyPatch, keyword: Mapping[str, Any], told: str) -> None:
    schema = PETS.create.model_json_schema()
    schema["properties"]["age"] |= keyword
    monkeypatch.setattr(PETS.create, "model_json_schema", lambda: schema)
    age = next(field for field in field_rules.fields(PETS) if field.name == "age")
    assert told in age.rules


def test_the_bodies_of_the_examples_obey_the_rules() -> None:
    post, patch, delete = examples.writes(PETS, "http://host")
    assert check(body(post.curl), PETS, PETS.create).extra == {}
    assert check(body(patch.curl), PETS, PETS.patch).extra == {}
    assert "-d" not in shlex.split(delete.curl)


def body(curl: str) -> dict[str, Any]:
    arguments = shlex.split(curl)
    value: dict[str, Any] = json.loads(arguments[arguments.index("-d") + 1])
    return value


def test_two_readers_get_different_pets_to_write() -> None:
    assert len({body(examples.writes(PETS, "http://host")[0].curl)["tagNumber"] for _ in range(10)}) == 10


@pytest.mark.parametrize("url", ["http://host/it's", "http://host/$(id)", 'http://host/"', "http://host/a b"])
def test_an_odd_address_stays_one_word_of_the_shell_and_one_string_of_javascript(url: str) -> None:
    post = examples.writes(PETS, url)[0]
    assert f"{url}/pets" in shlex.split(post.curl)
    assert f"fetch({json.dumps(f'{url}/pets')}, {{" in post.fetch


def test_the_address_of_one_pet_is_encoded() -> None:
    assert examples.reads(PETS, "a/b c?")[-1].address == "/pets/a%2Fb%20c%3F"
    assert len(examples.reads(PETS, None)) == len(examples.reads(PETS, "1")) - 1
