"""The application that asks who is there, in this process, and a key for each role."""

import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from app.access import keys
from app.access.actor import ROLES
from app.config import BACKEND, Settings
from tests.asked import serving
from tests.servers import Server


@pytest.fixture(scope="session")
def made() -> Mapping[str, tuple[str, str]]:
    """Role -> a key of somebody with that role, and its line."""
    return {role: keys.made(role, role) for role in ROLES}


class Provider(Server):
    """The tests' issuer, and what a test asks of it. `changed`: since it has had new keys and good manners."""

    def __init__(self) -> None:
        self.changed = False
        super().__init__([sys.executable, "-m", "tests.integration.access.issuer", "{port}"], BACKEND, {})

    def token(self, claims: Mapping[str, object] = {}, head: Mapping[str, object] = {}, kind: str = "RSA") -> str:
        """Signed as asked; a claim that is None is left out."""
        signed: str = self._post("/sign", {"claims": claims, "head": head, "kind": kind})["token"]
        return signed

    def behave(self, **behaviour: object) -> None:
        self.changed = True
        self._post("/behave", behaviour)

    def asked(self) -> int:
        """How often its keys were fetched."""
        times: int = httpx2.get(f"{self.url}/asked").json()["asked"]
        return times

    def _post(self, path: str, what: object) -> Any:
        return httpx2.post(self.url + path, json=what).raise_for_status().json()


@pytest.fixture(scope="module")
def provider_process() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def provider(provider_process: Provider) -> Provider:
    """Without bad manners, and with new keys where a test has given it any: to make them takes long."""
    if not provider_process.running():
        provider_process.start()
    if provider_process.changed:
        provider_process.behave(rotate=["RSA", "EC", "OKP"])
        provider_process.changed = False
    return provider_process


@pytest.fixture(scope="module")
def trusting(module_settings: Settings, provider_process: Provider) -> Settings:
    jwt = {"access": ("jwt",), "jwt_issuer": provider_process.url, "jwt_audience": "api"}
    return module_settings.model_copy(update=jwt)


@pytest.fixture(scope="module")
def asking(trusting: Settings, made: Mapping[str, tuple[str, str]]) -> Settings:
    lines = ",".join(line for _, line in made.values())
    return trusting.model_copy(update={"access": ("jwt", "keys"), "api_keys": SecretStr(lines), "metrics": True})


@pytest.fixture(scope="module")
async def module_api(asking: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(asking) as http:
        yield http


@pytest.fixture
def api(module_api: httpx2.AsyncClient, table: psycopg.Connection[object]) -> httpx2.AsyncClient:
    """The module's application, on an empty table."""
    return module_api


@pytest.fixture
def known(made: Mapping[str, tuple[str, str]], provider: Provider) -> Mapping[str, dict[str, str]]:
    """Who -> the headers that say so."""
    expired = provider.token({"roles": ["admin"], "exp": int(time.time()) - 60})
    sent = {"bad": f"{keys.PREFIX}{'A' * 43}", "expired": expired, **{role: key for role, (key, _) in made.items()}}
    return {"nobody": {}, **{who: {"Authorization": f"Bearer {token}"} for who, token in sent.items()}}
