"""The application that asks who is there, in this process, and a key for each role."""

from collections.abc import AsyncIterator, Mapping

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from app.access import keys
from app.access.actor import ROLES
from app.config import Settings
from tests.asked import serving


@pytest.fixture(scope="session")
def made() -> Mapping[str, tuple[str, str]]:
    """Role -> a key of somebody with that role, and its line."""
    return {role: keys.made(role, role) for role in ROLES}


@pytest.fixture
def asking(settings: Settings, made: Mapping[str, tuple[str, str]]) -> Settings:
    lines = ",".join(line for _, line in made.values())
    return settings.model_copy(update={"access": ("keys",), "api_keys": SecretStr(lines), "metrics": True})


@pytest.fixture
async def api(asking: Settings, table: psycopg.Connection[object]) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(asking) as http:
        yield http


@pytest.fixture
def known(made: Mapping[str, tuple[str, str]]) -> Mapping[str, dict[str, str]]:
    """Who -> the headers that say so."""
    by_role = {role: {"Authorization": f"Bearer {key}"} for role, (key, _) in made.items()}
    return {"nobody": {}, "bad": {"Authorization": f"Bearer {keys.PREFIX}{'A' * 43}"}, **by_role}
