"""A name half remembered, typed into the table's search box."""

from typing import Any

import httpx2
import psycopg
import pytest
from playwright.async_api import expect

from tests.chromium import Visit
from tests.needs import needed
from tests.servers import Server

TABLE = "/-/patients"


@pytest.fixture
def trigrams(module_database: str) -> None:
    with psycopg.connect(module_database) as connection:
        [(found,)] = connection.execute("SELECT to_regproc('word_similarity')").fetchall()
    needed(found, "this PostgreSQL has no pg_trgm")


@pytest.mark.usefixtures("trigrams")
async def test_a_name_with_a_slip_is_found_while_it_is_typed(
    visit: Visit, server: Server, patients: list[dict[str, Any]]
) -> None:
    page = await visit(server.url + TABLE)
    rows = page.locator("[data-id]")
    await expect(rows).to_have_count(len(patients))
    await page.get_by_label("Search in every field").press_sequentially("olafur tor")
    await expect(rows).to_have_count(0)
    await page.get_by_label("or nearly").check()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("Ólafur Þór")
    assert page.url.endswith("?q:similar=olafur%20tor")
    await page.get_by_label("Search in every field").fill("anna")
    await expect(rows.first).to_contain_text("Anna")


@pytest.mark.usefixtures("trigrams", "patients")
def test_the_form_needs_no_script(server: Server) -> None:
    sent = httpx2.get(f"{server.url}{TABLE}?q=jose+nunes&_nearly=1", headers={"Accept": "text/html"})
    assert (sent.status_code, sent.headers["Location"]) == (303, "/?q:similar=jose%20nunes")
    shown = httpx2.get(f"{server.url}{sent.headers['Location']}", headers={"Accept": "text/html"}).text
    assert "José Núñez" in shown
    assert "Anna" not in shown
    assert 'value="1" checked' in shown
    plain = httpx2.get(f"{server.url}{TABLE}?q=jos%C3%A9", headers={"Accept": "text/html"}).text
    assert "checked" not in plain.split('id="nearly"')[1].split(">")[0]
