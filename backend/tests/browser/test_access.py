"""Where a key is asked for: the home page takes it, and so does Swagger UI."""

import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.async_api import Page, expect

from app.access import keys
from app.people.passwords import hashed
from tests.chromium import Visit
from tests.servers import Server

KEY, LINE = keys.made("anna", "reader")
Patients = list[dict[str, Any]]


@pytest.fixture(scope="module")
def asking(module_database: str) -> Iterator[Server]:
    with Server.ours(module_database, ACCESS="keys", API_KEYS=LINE) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Pages of another origin."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "page.html").write_text('<link rel="icon" href="data:,">')
    with Server([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}"], folder, {}) as running:
        yield running


async def enter(page: Page, key: str) -> None:
    await page.get_by_text("I have an access key").click()
    await page.get_by_label("Access key").fill(key)
    await page.get_by_role("button", name="Use it").click()


async def test_a_page_takes_a_key_for_as_long_as_the_tab_is_open(
    visit: Visit, asking: Server, patients: Patients
) -> None:
    page = await visit(f"{asking.url}/-about", expected="401 (Unauthorized)")
    first = page.locator(".reads li").first
    await expect(page.locator("#count-1")).to_have_text("?")
    await first.get_by_role("button", name="Run").click()
    await expect(first.locator("summary")).to_contain_text("401 Unauthorized")
    await enter(page, "pak_wrong")
    await expect(page.get_by_role("alert")).to_have_text("Nobody has this key.")
    await enter(page, f" {KEY} ")
    await expect(page.locator("#known")).to_have_text("key:anna")
    await expect(page.locator("#count-1")).to_have_text(str(len(patients)))
    await page.reload()
    await expect(page.locator("#known")).to_have_text("key:anna")
    await first.get_by_role("button", name="Run").click()
    await expect(first.locator("summary")).to_contain_text("200 OK")
    assert await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 1, ""]
    assert KEY not in await page.content()


async def test_a_key_can_be_given_back(visit: Visit, asking: Server, patients: Patients) -> None:
    page = await visit(f"{asking.url}/-about")
    await enter(page, KEY)
    await expect(page.locator("#count-1")).to_have_text(str(len(patients)))
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.locator("#count-1")).to_have_text("?")
    assert await page.evaluate("sessionStorage.length") == 0


async def test_swagger_takes_a_key(visit: Visit, asking: Server, patients: Patients) -> None:
    page = await visit(f"{asking.url}/docs")
    await page.locator(".auth-wrapper").get_by_role("button", name="Authorize").click()
    await page.locator(".auth-container input").fill(KEY)
    await page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    await page.get_by_role("button", name="Close").click()
    read = page.locator(".opblock-get").filter(has=page.locator('[data-path="/patients/{id}"]'))
    await read.locator(".opblock-summary-control").click()
    await read.get_by_placeholder("id").first.fill(patients[0]["id"])
    await read.get_by_role("button", name="Execute").click()
    await expect(read.locator(".live-responses-table .response-col_status").last).to_have_text("200")


ASK = """async ([url, headers]) => {
  const answer = await fetch(url, { headers });
  return [answer.status, answer.headers.get("www-authenticate"), (await answer.json()).title ?? null];
}"""


async def test_a_page_of_another_origin_reads_why_it_is_refused(
    visit: Visit, asking: Server, elsewhere: Server
) -> None:
    page = await visit(f"{elsewhere.url}/page.html", also=asking.url, expected="Failed to load resource")
    challenge = 'Bearer realm="patients"'
    for key, status, says, title in (
        ("", 401, challenge, "Unauthorized"),
        ("pak_wrong", 401, f'{challenge}, error="invalid_token", error_description="not valid"', "Unauthorized"),
        (KEY, 200, None, None),
    ):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        assert await page.evaluate(ASK, [f"{asking.url}/patients", headers]) == [status, says, title]


async def test_a_page_signs_in_and_reads_and_signs_out(
    visit: Visit, asking: Server, elsewhere: Server, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO access_users (email, name, role, password) VALUES ('a@b.c', 'Anna', 'reader', %s)",
            [hashed("correct horse")],
        )
    page = await visit(f"{elsewhere.url}/page.html", also=asking.url, expected="Failed to load resource")
    assert await page.evaluate(SIGN_IN, asking.url) == ["Anna", 200, 403, 200, 401]


# As json-server-auth's README has it, with fetch.
SIGN_IN = """async (base) => {
  const json = { "Content-Type": "application/json" };
  const body = JSON.stringify({ email: "a@b.c", password: "correct horse" });
  const { accessToken, user } = await (await fetch(`${base}/login`, { method: "POST", headers: json, body })).json();
  const headers = { Authorization: `Bearer ${accessToken}` };
  const status = async (path, method) => (await fetch(base + path, { method, headers })).status;
  return [
    user.name,
    await status("/patients", "GET"),
    await status("/patients/1", "DELETE"),
    await status("/logout", "POST"),
    await status("/patients", "GET"),
  ];
}"""
