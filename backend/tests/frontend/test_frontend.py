"""A Vite and React frontend in Chromium. The same page, unchanged, against this server and against json-server."""

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests.chromium import Visit
from tests.frontend.conftest import OURS, ZOE
from tests.servers import Server

ANA = {
    "Patient ID": "P002",
    "Name": "Ana “Nita” Müller-Lüdenscheidt 李",
    "Age": "62",
    "Gender": "Other",
    "Condition": "Type 2 diabetes",
    "Last visit": "2024-02-03",
}
ZOE_LINE, ANA_LINE = "P001: Zoë Ångström", f"P002: {ANA['Name']}"


async def register(page: Page, **changes: str) -> None:
    form = page.get_by_role("form", name="Register")
    for label, value in {**ANA, **changes}.items():
        if label == "Gender":
            await form.get_by_label(label).select_option(value)
        else:
            await form.get_by_label(label, exact=True).fill(value)
    await form.get_by_role("button").click()


async def search(page: Page, name: str) -> None:
    await page.get_by_label("Full name").fill(name)
    await page.get_by_role("button", name="Search").click()


async def shows(page: Page, *lines: str) -> None:
    await expect(page.get_by_role("listitem")).to_have_text(list(lines))


async def says(page: Page, text: str) -> None:
    await expect(page.get_by_role("status")).to_have_text(text)


async def test_a_day_with_the_frontend(visit: Visit, frontend: Server, backend: Server) -> None:
    page = await visit(frontend.url, also=backend.url, expected="ERR_CONNECTION_REFUSED")
    await shows(page, ZOE_LINE)

    await register(page)
    await says(page, f"Registered {ANA['Name']}.")
    await page.reload()
    await shows(page, ZOE_LINE, ANA_LINE)

    for name, lines in {ANA["Name"]: [ANA_LINE], "nobody": [], "": [ZOE_LINE, ANA_LINE]}.items():
        await search(page, name)
        await shows(page, *lines)

    await register(page)
    await says(page, "Failed: Patient ID P002 is already registered.")

    backend.stop()
    await register(page, **{"Patient ID": "P003"})
    await says(page, "Failed: Failed to fetch")
    backend.start()
    await page.get_by_role("button", name="Register").click()  # what was typed is still there
    await says(page, f"Registered {ANA['Name']}.")
    await shows(page, ZOE_LINE, ANA_LINE, ANA_LINE.replace("P002", "P003"))

    stored = httpx2.get(f"{backend.url}/patients").json()
    assert [patient["patientID"] for patient in stored] == ["P001", "P002", "P003"]


# What json-server would let pass.
@pytest.mark.parametrize("backend", [OURS], indirect=True)
async def test_what_the_server_refuses_is_told_in_its_own_sentence(
    visit: Visit, frontend: Server, backend: Server
) -> None:
    page = await visit(frontend.url, also=backend.url, expected="status of 4")
    await shows(page, ZOE_LINE)
    httpx2.post(f"{backend.url}/patients", json={**ZOE, "id": "other", "patientID": "P009"})  # by another page
    await register(page, **{"Patient ID": "P009"})
    await says(page, "Failed: patientID is already used by another patient.")
    await register(page, Age="0", Condition=" ")
    await says(page, "Failed: age must be greater than 0; medicalCondition must not be blank.")
