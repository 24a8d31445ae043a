"""The lines of docs/changes.md that follow the changes, run in a browser as they stand."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.async_api import Page

from app.access import keys
from tests.chromium import Visit
from tests.docs.pages import DOCS, blocks
from tests.patients import patient
from tests.servers import Server

KEY, LINE = keys.made("anna", "admin")
EVENT_SOURCE, TWENTY_LINES, CALL = [block.text for block in blocks(DOCS / "changes.md", "js")]
_ICON = "Failed to load resource"  # /favicon.ico: an answer that is no page names no other
_CATCH = "window.told = []; console.log = (what) => told.push(what);"


@pytest.fixture(scope="module")
def asking(module_database: str) -> Iterator[Server]:
    with Server.ours(module_database, ACCESS="keys", API_KEYS=LINE) as running:
        yield running


async def follows(page: Page, server: Server, script: str, headers: dict[str, str]) -> None:
    await page.evaluate(f"{_CATCH} {script}".replace("http://127.0.0.1:8000", server.url).replace("pak_…", KEY))
    await page.wait_for_timeout(1000)
    whole = patient(1, id="new", name="Ünï\ncode")
    assert httpx2.post(f"{server.url}/patients", json=whole, headers=headers).status_code == 201
    await page.wait_for_function("told.length > 0")
    [change] = await page.evaluate("told")
    assert (change["change"], change["record"]) == ("created", whole)
    assert httpx2.delete(f"{server.url}/patients/new", headers=headers).status_code == 200
    await page.wait_for_function("told.length > 1 && told[1].record === null")


async def test_an_event_source(visit: Visit, server: Server, database_url: str) -> None:
    page = await visit(f"{server.url}/health", bypass_csp=True, expected=_ICON)
    await follows(page, server, f"(() => {{ {EVENT_SOURCE} }})()", {})


async def test_twenty_lines_with_a_key(visit: Visit, asking: Server, database_url: str) -> None:
    assert len(TWENTY_LINES.splitlines()) <= 20
    page = await visit(f"{asking.url}/health", bypass_csp=True, expected=_ICON)
    await follows(page, asking, f"(() => {{ {TWENTY_LINES} {CALL} }})()", {"Authorization": f"Bearer {KEY}"})


async def test_a_key_that_nobody_has_ends_it(visit: Visit, asking: Server, database_url: str) -> None:
    page = await visit(f"{asking.url}/health", bypass_csp=True, expected=_ICON)
    script = f"(() => {{ {TWENTY_LINES} return {CALL.replace('pak_…', 'pak_wrong')} }})().catch((e) => e.message)"
    assert "invalid_token" in await page.evaluate(script.replace("http://127.0.0.1:8000", asking.url))
