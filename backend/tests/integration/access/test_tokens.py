"""Tokens of a real issuer in a process of its own, which rotates its keys, stops and lies."""

import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from typing import Any

import httpx2
import pytest

from app.access import keys
from app.access.issuer import FRESH, PAUSE, SOON, STALE, Issuer
from app.access.tokens import LEEWAY, Tokens
from app.config import Settings
from app.errors import InvalidToken, IssuerUnavailable
from tests.asked import serving
from tests.integration.access.conftest import Provider
from tests.servers import Server, wait_until

ROLES: dict[str, object] = {"roles": ["writer"]}


@dataclass
class Clock:
    """The time since the epoch, and as much more as a test says."""

    ahead: float = 0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Judging:
    issuer: Issuer
    tokens: Tokens
    clock: Clock

    async def says(self, token: str) -> str:
        """Who it is of, or what is wrong with it."""
        try:
            return (await self.tokens.actor(token)).name
        except InvalidToken as error:
            return (error.challenge or {})["error_description"]
        except IssuerUnavailable:
            return "unavailable"


@pytest.fixture
def judging(provider: Provider) -> Judging:
    return judge(provider)


def judge(
    provider: Provider, roles_at: str = "/roles", roles: Mapping[str, str] = {}, url: str | None = None
) -> Judging:
    clock = Clock()
    issuer = Issuer(provider.url, url, clock)
    return Judging(issuer, Tokens(issuer, "api", roles_at, roles, clock), clock)


@pytest.mark.parametrize("kind", ["RSA", "EC", "OKP"])
async def test_a_token_of_each_kind_of_key(provider: Provider, judging: Judging, kind: str) -> None:
    token = provider.token(ROLES, kind=kind)
    assert [await judging.says(token) for _ in range(3)] == ["auth0|anna"] * 3
    assert provider.asked() >= 1


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256"])
async def test_a_key_that_is_for_no_algorithm_is_for_each(provider: Provider, judging: Judging, algorithm: str) -> None:
    provider.behave(alg=False)
    assert await judging.says(provider.token(head={"alg": algorithm})) == "auth0|anna"


async def test_a_key_is_for_its_own_algorithm_alone(provider: Provider, judging: Judging) -> None:
    assert await judging.says(provider.token(head={"alg": "RS384"})) == "not valid"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["other", "api"]},
        {"iat": None},
        {"sub": "8f14e45f-ceea-467f-a8a8-6a1a2f0c1b7e"},
    ],
    ids=str,
)
async def test_what_is_taken(provider: Provider, judging: Judging, claims: dict[str, Any]) -> None:
    assert await judging.says(provider.token(claims)) == claims.get("sub", "auth0|anna")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": None},
        {"aud": "other"},
        {"aud": []},
        {"iss": None},
        {"iss": "https://evil.example"},
        {"iss": ["x"]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a b"},
        {"sub": "a\nb"},
        {"sub": "é"},
        {"sub": "x" * 256},
        {"sub": "key:anna"},
        {"sub": "user:anna@clinic.example"},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e300},
        {"exp": [1]},
        {"exp": {}},
        {"nbf": "soon"},
        {"nbf": {}},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
async def test_what_is_not_taken(provider: Provider, judging: Judging, claims: dict[str, Any]) -> None:
    said = await judging.says(provider.token(claims))
    assert said == ("auth0|anna" if claims.get("exp") == 1e300 else "not valid")


async def test_the_issuer_s_name_is_compared_to_the_letter(provider: Provider, judging: Judging) -> None:
    assert await judging.says(provider.token({"iss": f"{provider.url}/"})) == "not valid"


@pytest.mark.parametrize(
    ("head", "taken"),
    [
        ({"typ": "JWT"}, True),
        ({"typ": "at+jwt"}, True),
        ({"typ": "application/at+JWT"}, True),
        ({"nonce": "x", "x5c": ["y" * 600]}, True),
        ({"typ": "dpop+jwt"}, False),
        ({"kid": "RSA-0"}, False),
        ({"kid": "odd"}, False),
        ({"kid": "encrypts"}, False),
        ({"kid": None}, False),  # there are several
        ({"crit": ["exp"]}, False),
        ({"jku": "http://127.0.0.1:1/keys", "kid": "theirs"}, False),
    ],
    ids=str,
)
async def test_what_a_head_may_say(provider: Provider, judging: Judging, head: dict[str, Any], taken: bool) -> None:
    assert (await judging.says(provider.token(head=head)) == "auth0|anna") is taken


async def test_without_a_name_the_only_key_counts(provider: Provider, judging: Judging) -> None:
    provider.behave(rotate=["EC"], plain=True)
    assert await judging.says(provider.token(head={"kid": None}, kind="EC")) == "auth0|anna"


async def test_nobody_signs_with_what_everybody_knows(provider: Provider, judging: Judging) -> None:
    """No algorithm, or the public key as a secret."""
    keys = httpx2.get(f"{provider.url}/keys").json()["keys"]
    public = next(key for key in keys if isinstance(key, dict) and str(key.get("kid")).startswith("RSA-"))
    claims = {"iss": provider.url, "aud": "api", "sub": "evil", "exp": 4_000_000_000, "roles": ["admin"]}
    for algorithm in ("none", "None", "HS256"):
        signed = _part({"alg": algorithm, "kid": public["kid"]}) + b"." + _part(claims)
        for secret in (b"", json.dumps(public).encode(), public["n"].encode()):
            signature = urlsafe_b64encode(digest(secret, signed, sha256)).rstrip(b"=") if secret else b""
            assert await judging.says((signed + b"." + signature).decode()) == "not valid"


@pytest.mark.parametrize("token", ["a", "a.b.c", "..", "e30.e30.e30", "A" * 31_000, f"{'e30' * 9000}.e30."])
async def test_what_is_no_token(judging: Judging, token: str) -> None:
    assert await judging.says(token) == "not valid"


async def test_a_deep_payload_is_no_token(provider: Provider, judging: Judging) -> None:
    head = provider.token().partition(".")[0]
    deep = urlsafe_b64encode(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}").rstrip(b"=").decode()
    assert await judging.says(f"{head}.{deep}.AAAA") == "not valid"


def _part(document: object) -> bytes:
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")


async def test_time_counts_on_every_use(provider: Provider, judging: Judging) -> None:
    now = int(time.time())
    early = provider.token({"nbf": now + LEEWAY - 10, "iat": now + LEEWAY - 10})
    assert await judging.says(early) == "auth0|anna"
    late, over = provider.token({"exp": now - LEEWAY + 20}), provider.token({"exp": now - LEEWAY - 1})
    assert [await judging.says(late), await judging.says(over)] == ["auth0|anna", "expired"]
    judging.clock.ahead = 25
    assert await judging.says(late) == "expired"
    assert (await judging.tokens.actor(provider.token({"exp": now + 600}))).until == now + 600


async def test_a_rotation_is_followed_and_withdrawn_keys_end_their_tokens(provider: Provider, judging: Judging) -> None:
    before = provider.token()
    assert await judging.says(before) == "auth0|anna"
    provider.behave(rotate=["RSA"])
    assert await judging.says(before) == "auth0|anna"  # nobody has looked
    assert await judging.says(provider.token()) == "auth0|anna"
    assert await judging.says(before) == "not valid"


async def test_unknown_keys_are_looked_for_once_in_a_while(provider: Provider, judging: Judging) -> None:
    assert await judging.says(provider.token()) == "auth0|anna"
    before, unknown = provider.asked(), provider.token(head={"kid": "unknown"})
    assert {await judging.says(unknown) for _ in range(500)} == {"not valid"}
    assert provider.asked() == before + 1
    judging.clock.ahead += PAUSE
    assert {await judging.says(unknown) for _ in range(500)} == {"not valid"}
    assert provider.asked() == before + 2


async def test_keys_are_fetched_anew_while_requests_go_on(provider: Provider, judging: Judging) -> None:
    token = provider.token()
    assert await judging.says(token) == "auth0|anna"
    provider.behave(rotate=["EC"])
    judging.clock.ahead = FRESH + 1
    assert await judging.says(token) == "auth0|anna"
    await _settled(judging)
    assert await judging.says(token) == "not valid"


LIES: Mapping[str, dict[str, Any]] = {
    "it answers 500": {"status": 500},
    "it answers 302": {"status": 302},
    "its description is of another issuer": {"issuer": "https://evil.example"},
    "its description names no address of its keys": {"jwks_uri": "http://evil.example/keys"},
    "its answer is no JSON": {"text": "<html>"},
    "its answer is no JSON object": {"text": "[]"},
    "there is none among what it answers": {"text": '{"keys": [{"kty": "oct", "k": "AAAA"}]}'},
    "its answer is too long": {"endless": True},
    "it does not answer": {"drip": True},
}


@pytest.mark.parametrize("why", LIES)
async def test_an_issuer_that_lies_or_stops_is_told_once_and_its_keys_count_for_a_day(
    provider: Provider, judging: Judging, caplog: pytest.LogCaptureFixture, why: str
) -> None:
    token = provider.token({"exp": int(time.time()) + 2 * STALE})
    assert await judging.says(token) == "auth0|anna"
    provider.behave(**LIES[why])
    for _ in range(2):
        judging.clock.ahead += FRESH + PAUSE
        assert await judging.says(token) == "auth0|anna"
        await _settled(judging)
        provider.asked()
    said = [record.getMessage() for record in caplog.records if record.name == "app.access.issuer"]
    assert said == [f"the keys of JWT_ISSUER cannot be fetched: {why}. Those from before count for a day"]
    judging.clock.ahead += STALE
    assert await judging.says(token) == "unavailable"
    provider.behave()
    judging.clock.ahead += SOON
    with caplog.at_level(logging.INFO):
        assert await judging.says(token) == "auth0|anna"
    assert caplog.messages[-1] == "the keys of JWT_ISSUER are there again"


async def _settled(judging: Judging) -> None:
    """What is being fetched was."""
    if judging.issuer._fetching:
        await judging.issuer._fetching


async def test_a_stopped_issuer_is_no_reason_to_refuse(provider: Provider, judging: Judging) -> None:
    token, other = provider.token(), provider.token({"sub": "bo"})
    assert await judging.says(token) == "auth0|anna"
    provider.stop()
    judging.clock.ahead = 60
    assert [await judging.says(token), await judging.says(other)] == ["auth0|anna", "bo"]


async def test_keys_that_are_elsewhere_are_fetched_there(provider: Provider) -> None:
    provider.behave(issuer="https://evil.example")
    assert await judge(provider, url=f"{provider.url}/keys").says(provider.token()) == "auth0|anna"


@pytest.mark.parametrize(
    ("roles_at", "roles", "claims", "letters"),
    [
        ("/roles", {}, {"roles": ["writer"]}, "crus"),
        ("/roles", {}, {"roles": "reader auditor"}, "rsh"),
        ("/roles", {}, {"roles": [{"name": "admin"}, 7, None, "reader"]}, "rs"),
        ("/roles", {}, {"roles": {"admin": True}}, ""),
        ("/roles", {}, {}, ""),
        ("/scope", {}, {"scope": "openid launch user/Patient.rs patient/*.cruds"}, "rs"),
        ("/realm_access/roles", {}, {"realm_access": {"roles": ["admin"]}}, "crudshi"),
        ("/https:~1~1clinic.example~1roles", {}, {"https://clinic.example/roles": ["reader"]}, "rs"),
        ("/realm_access/roles", {}, {"realm_access": ["admin"]}, ""),
        ("/roles", {"doctor": "writer", "audit": "auditor"}, {"roles": ["doctor", "audit"]}, "crush"),
        ("/roles", {"doctor": "writer"}, {"roles": ["admin"]}, ""),
    ],
)
async def test_rights_come_from_a_claim(
    provider: Provider, roles_at: str, roles: dict[str, str], claims: dict[str, Any], letters: str
) -> None:
    actor = await judge(provider, roles_at, roles).tokens.actor(provider.token(claims))
    assert {letter for letter in "crudshi" if actor.may(letter, ("patients", "Patient"))} == set(letters)


async def test_the_server_takes_tokens_and_says_what_rfc_6750_asks_for(trusting: Settings, provider: Provider) -> None:
    async with serving(trusting) as http:
        asked = _asker(http)
        assert (await asked(provider.token(ROLES))).status_code == 200
        assert (
            (await asked(provider.token({"roles": []}))).headers["www-authenticate"].endswith('scope="user/Patient.s"')
        )
        for claims, says in (({"exp": int(time.time()) - 60}, "expired"), ({"aud": "other"}, "not valid")):
            answer = await asked(provider.token(ROLES | claims))
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].endswith(f'error="invalid_token", error_description="{says}"')
        assert (await asked("pak_" + "A" * 43)).status_code == 401


async def test_without_any_keys_it_says_when_to_try_again(trusting: Settings, provider: Provider) -> None:
    token = provider.token(ROLES)
    provider.behave(status=500)
    async with serving(trusting) as http:
        answer = await _asker(http)(token)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, str(SOON))
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await http.get("/patients")).status_code == 401
        assert (await http.get("/")).status_code == 200


def _asker(http: httpx2.AsyncClient) -> Callable[[str], Awaitable[httpx2.Response]]:
    return lambda token: http.get("/patients", headers={"Authorization": f"Bearer {token}"})


def test_a_process_takes_keys_and_tokens_and_logs_neither(database_url: str, provider: Provider) -> None:
    key, line = keys.made("anna", "reader")
    token = provider.token({"sub": "8f14e45f", "roles": ["doctor"]})
    given = {"JWT_ISSUER": provider.url, "JWT_AUDIENCE": "api", "JWT_ROLES": "doctor=writer"}
    with Server.ours(
        database_url, ACCESS="keys,jwt", API_KEYS=line, ENVIRONMENT="production", LOG_LEVEL="DEBUG", **given
    ) as server:
        for sent in (key, token, token[:-1] + "A"):
            httpx2.get(f"{server.url}/patients", headers={"Authorization": f"Bearer {sent}"})
        wait_until(lambda: server.said.count(" GET ") >= 3, 5)
    said = server.said
    assert " 200 " in said
    assert "key:anna" in said
    assert "8f14e45f" in said
    assert not any(secret in said for secret in (key, token.split(".")[1], token.split(".")[2]))
