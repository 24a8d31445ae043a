"""The pages on a phone and a desktop, light and dark: nothing sticks out, and axe-core finds nothing wrong."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page

from tests.chromium import Visit
from tests.npm import installed
from tests.patients import patient
from tests.servers import Server

DEVICES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 360, "height": 780},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 900}},
}


@pytest.fixture(scope="session")
def axe() -> Path:
    """Deque's accessibility rules (WCAG 2.2 A and AA among them), as one script."""
    return installed(Path(__file__).parents[1] / "frontend") / "axe-core" / "axe.min.js"


@pytest.fixture(params=[(device, scheme) for device in DEVICES for scheme in ("light", "dark")], ids="-".join)
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    device, scheme = request.param
    # axe is a script the page's own policy would refuse
    return {**DEVICES[device], "color_scheme": scheme, "bypass_csp": True}


async def test_the_home_page_fits_and_is_accessible(
    visit: Visit, server: Server, patients: list[dict[str, Any]], axe: Path, look: dict[str, Any]
) -> None:
    page = await visit(f"{server.url}/-about", **look)
    assert await faults(page, axe) == []
    await page.get_by_role("button", name="Run").first.click()
    await page.locator(".answer pre").wait_for()
    assert await faults(page, axe) == []


async def test_the_table_fits_and_is_accessible(
    visit: Visit, server: Server, patients: list[dict[str, Any]], axe: Path, look: dict[str, Any]
) -> None:
    for number in range(10):  # enough for pictures
        httpx2.post(f"{server.url}/patients", json=patient(number, age=20 + number, patientID=f"N{number}"))
    page = await visit(f"{server.url}/?age_gte=20&_sort=-age", **look)
    await page.locator("figure").first.wait_for()
    await page.locator("#columns summary").click()
    assert await faults(page, axe) == []
    await page.locator("#columns summary").click()
    await page.get_by_role("button", name="Add a patient").click()
    assert await faults(page, axe) == []


async def test_a_record_s_page_fits_and_is_accessible(
    visit: Visit, server: Server, patients: list[dict[str, Any]], axe: Path, look: dict[str, Any]
) -> None:
    httpx2.patch(f"{server.url}/patients/1", json={"age": 46})
    page = await visit(f"{server.url}/-/patients/1", **look)
    await page.locator(".history").wait_for()
    assert await faults(page, axe) == []


async def faults(page: Page, axe: Path) -> list[str]:
    """What sticks out sideways, and what axe finds."""
    await page.add_script_tag(path=axe)
    found: list[str] = await page.evaluate(
        """async () => {
            const wide = document.documentElement.scrollWidth > innerWidth ? ["wider than the screen"] : [];
            const { violations } = await axe.run();
            return [...wide, ...violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)];
        }"""
    )
    return found
