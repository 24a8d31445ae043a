"""Who follows the changes does so no longer than their token lasts, and not at all without the right to search."""

import asyncio
import time
from collections.abc import Mapping

import httpx2
import pytest

from tests.integration.access.conftest import Provider

STREAM = {"Accept": "text/event-stream"}


@pytest.mark.parametrize(("address", "accept"), [("/changes?_since=now", STREAM), ("/changes?_since=now&_wait=40", {})])
async def test_a_stream_never_outlives_its_token(
    api: httpx2.AsyncClient, provider: Provider, address: str, accept: Mapping[str, str]
) -> None:
    ends = int(time.time()) + 3
    token = provider.token({"roles": ["reader"], "exp": ends})
    async with asyncio.timeout(20):
        answer = await api.get(address, headers={"Authorization": f"Bearer {token}", **accept})
    assert answer.status_code == 200
    assert -0.1 < time.time() - ends < 1


async def test_who_may_not_search_may_not_follow(api: httpx2.AsyncClient, provider: Provider) -> None:
    token = provider.token({"roles": ["patients:r"]})
    for accept in (STREAM, {}):
        answer = await api.get("/changes", headers={"Authorization": f"Bearer {token}", **accept})
        assert (answer.status_code, 'error="insufficient_scope"' in answer.headers["www-authenticate"]) == (403, True)
