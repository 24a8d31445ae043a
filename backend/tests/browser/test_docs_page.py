"""/docs in Chromium: Swagger UI with nothing but this server to load from."""

from typing import Any

import httpx2
from playwright.async_api import expect

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
