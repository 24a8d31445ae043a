"""The application in this process, with all that it serves, on tables of its own."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from app.config import Settings
from app.resources import RESOURCES
from tests.asked import serving
from tests.integration.conftest import client, table

__all__ = ["client", "table"]


@pytest.fixture(scope="module")
async def module_client(module_settings: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    async with serving(module_settings, RESOURCES) as http:
        yield http
