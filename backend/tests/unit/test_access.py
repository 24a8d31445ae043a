"""Roles, rights and keys: what is granted, and what a setting may say."""

import pytest
from pydantic import SecretStr
from starlette.routing import Route

from app import config
from app.access import addresses, keys
from app.access.actor import ROLES, Actor, checked, granted
from app.api.access import Addresses, Need
from app.config import Settings
from app.main import create_app
from app.resources import PATIENTS, RESOURCES

PATIENT = (PATIENTS.path, PATIENTS.title)
HASH = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("role", "letters"),
    [
        *ROLES.items(),
        ("patients:crus", "crus"),
        ("reader+patients:d", "rsd"),
        ("doctors:crudshi", ""),
        ("user/Patient.rs", "rs"),
        ("system/*.cruds", "cruds"),
        ("user/Doctor.rs", ""),
    ],
)
def test_what_a_role_grants_on_patients(role: str, letters: str) -> None:
    actor = Actor("key:anna", checked(role))
    assert {letter for letter in "crudshi" if actor.may(letter, PATIENT)} == set(letters)


@pytest.mark.parametrize(
    "role",
    [
        "",
        "boss",
        "Reader",
        "patients:",
        "patients:x",
        ":rs",
        "*:rs",
        "patient/Patient.rs",
        "patient/*.cruds",
        "user/Patient.",
        "user/Patient.sr",
        "user/Patient.rs?name=a",
        "launch",
        "openid",
        "user/Patient.read",
    ],
)
def test_what_grants_nothing(role: str) -> None:
    assert not granted(role)
    with pytest.raises(ValueError, match="a role is"):
        checked(f"reader+{role}")


def test_a_key_is_found_by_its_line_and_by_no_other() -> None:
    (anna, line), (other, _) = keys.made("anna", "writer"), keys.made("anna", "writer")
    assert anna.startswith("pak_")
    assert len(anna) == 4 + 43  # 256 bits in base64url
    assert anna not in line
    found = keys.owner(keys.parsed(line), anna)
    assert found
    assert found.name == "key:anna"
    assert keys.owner(keys.parsed(line), other) is None


@pytest.mark.parametrize("between", ["\n", "\r\n", ",", " , ", "\n\n"])
def test_keys_stand_on_lines_or_between_commas(between: str) -> None:
    lines = [keys.made(name, "reader")[1] for name in ("anna", "bo", "anna")]
    assert sorted(actor.name for actor in keys.parsed(between.join(lines)).values()) == [
        "key:anna",
        "key:anna",
        "key:bo",
    ]


@pytest.mark.parametrize(
    ("value", "demanded"),
    [
        ("open", set()),
        ("keys", {"keys"}),
        (" KEYS, jwt ", {"keys", "jwt"}),
        ("jwt,keys,", {"keys", "jwt"}),
        ("", set()),
    ],
)
def test_what_is_demanded(monkeypatch: pytest.MonkeyPatch, value: str, demanded: set[str]) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setenv("ACCESS", value)
    monkeypatch.setenv("JWT_ISSUER", "https://id.example")
    monkeypatch.setenv("JWT_AUDIENCE", "api")
    assert config.load().demanded == demanded


@pytest.mark.parametrize(
    ("letter", "query", "needs"),
    [
        ("r", b"", "user/Patient.r"),
        ("s", b"_sort=name", "user/Patient.s"),
        ("s", b"_embed=sessions", "user/*.s"),
        ("r", b"a=b&%5fexpand=doctor", "user/*.s"),
        ("d", b"_embed=sessions", "user/Patient.d"),
    ],
)
def test_who_asks_for_related_records_must_be_allowed_to_search_all(letter: str, query: bytes, needs: str) -> None:
    several = Addresses([PATIENTS, PATIENTS])
    assert several.related(Need(letter, (PATIENTS,)), query).scope == needs


@pytest.mark.parametrize(
    "url", ["https://id.example/realms/a", "https://id.example:8443/", "http://localhost:8080", "http://[::1]:1/x"]
)
def test_where_an_issuer_may_be(url: str) -> None:
    assert addresses.checked(url) == url


def test_every_route_has_a_row() -> None:
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none"), metrics=True))
    for route in app.routes:
        assert isinstance(route, Route)
        for method in route.methods or ():
            assert Addresses(RESOURCES).needs(method, route.path), (method, route.path)
