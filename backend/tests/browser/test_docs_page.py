"""/docs in Chromium: Swagger UI with nothing but this server to load from."""

from typing import Any

import httpx2
import psycopg
from playwright.async_api import expect

from app.resources import PATIENTS
from tests.chromium import Visit
from tests.servers import Server


async def test_the_documentation_loads_from_this_server_alone(visit: Visit, server: Server) -> None:
    page = await visit(f"{server.url}/docs")
    document = httpx2.get(f"{server.url}/openapi.json").json()
    operations = sum(len(methods) for methods in document["paths"].values())
    await expect(page.locator(".opblock")).to_have_count(operations)


async def test_a_request_can_be_tried_in_place(visit: Visit, server: Server, patients: list[dict[str, Any]]) -> None:
    page = await visit(f"{server.url}/docs")
    read = page.locator(".opblock-get").filter(has=page.locator('[data-path="/patients/{id}"]'))
    await read.locator(".opblock-summary-control").click()
    await read.get_by_placeholder("id").first.fill(patients[0]["id"])
    await read.get_by_role("button", name="Execute").click()
    await expect(read.locator(".live-responses-table .response-col_status").last).to_have_text("200")
    await expect(read.locator(".live-responses-table")).to_contain_text(patients[0]["name"])


async def test_without_javascript_it_points_to_the_text(visit: Visit, server: Server) -> None:
    page = await visit(f"{server.url}/docs", java_script_enabled=False)
    await page.get_by_role("link", name="openapi.json").click()
    await expect(page.locator("body")).to_contain_text('"openapi"')


async def test_the_example_of_a_body_succeeds_for_everybody(visit: Visit, server: Server, database_url: str) -> None:
    for _ in range(2):
        page = await visit(f"{server.url}/docs")
        add = page.locator(".opblock-post").filter(has=page.locator('[data-path="/patients"]'))
        await add.locator(".opblock-summary-control").click()
        await add.get_by_role("button", name="Execute").click()
        await expect(add.locator(".live-responses-table .response-col_status").last).to_have_text("201")
    made = httpx2.get(f"{server.url}/patients").json()
    assert [patient.keys() for patient in made] == [PATIENTS.fields.keys()] * 2


async def test_a_long_list_is_shown_in_part_and_execute_is_in_sight(
    visit: Visit, server: Server, patients: list[dict[str, Any]], database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_MANY)
    page = await visit(f"{server.url}/docs")
    read = page.locator(".opblock-get").filter(has=page.locator('[data-path="/patients"]'))
    await read.locator(".opblock-summary-control").click()
    execute, shown = read.get_by_role("button", name="Execute"), read.locator(".live-responses-table")
    await expect(execute).to_be_in_viewport()
    await execute.click()
    await expect(shown).to_contain_text("x-total-count: 1007")
    await expect(shown).not_to_contain_text("leaves out")
    await read.get_by_placeholder("_limit").fill("")
    await execute.click()
    await expect(shown).to_contain_text("… and 907 more, which this page leaves out.")


_MANY = """
    INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)
    SELECT 'm' || n, 'M' || n, 'a', 1, 'Other', 'b', '2024-01-01' FROM generate_series(1, 1000) AS n
"""


async def test_it_is_dark_where_that_is_wished_and_leads_back(visit: Visit, server: Server) -> None:
    page = await visit(f"{server.url}/docs", color_scheme="dark")
    background = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert all(int(part) < 50 for part in background.removeprefix("rgb(").removesuffix(")").split(","))
    await page.get_by_role("link", name="Patients API").click()
    await expect(page).to_have_url(f"{server.url}/")
