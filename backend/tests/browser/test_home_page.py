"""The home page as a person meets it: in Chromium, on a phone and a desktop, with and without JavaScript."""

import asyncio
import json
import subprocess
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.async_api import Page, expect

from app import __version__
from app.resources import PATIENTS
from tests.chromium import Visit
from tests.needs import program
from tests.servers import Server

Patients = list[dict[str, Any]]
EXAMPLES = [
    ["1", "3e3a", "a/b c", "4", "5"],
    ["5", "7", "4", "3e3a", "1", "a/b c", "6"],
    ["1", "4", "7"],
    ["1", "4", "6", "7"],
    ["1", "5", "7"],
    ["1", "5", "7"],
    ["1"],
]
ABOUT = "/-about"
NOWHERE = "postgresql:///patients?host=/nonexistent"


async def test_the_page_says_what_this_is_and_how_to_reach_it(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Patients API {__version__}")
    await expect(page.locator("#status")).to_have_text("Database reachable")
    await expect(page.locator("#count-1")).to_have_text(str(len(patients)))
    await expect(page.get_by_text("VITE_API_BASE_URL")).to_have_text(f"VITE_API_BASE_URL={server.url}")
    await expect(page.get_by_text("Browser origins that may call")).to_contain_text("* (every origin)")
    names = await page.locator(".fields dt").all_text_contents()
    assert [name.strip() for name in names] == list(PATIENTS.fields)


async def test_every_link_leads_somewhere(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    links = await page.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert {f"{server.url}/{path}" for path in ("docs", "openapi.json", "health", "patients")} <= set(links)
    async with httpx2.AsyncClient() as http:
        assert {(await http.get(link)).status_code for link in links} == {200}


async def test_each_example_runs_in_place(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    for row, ids in zip(await page.locator(".reads li").all(), EXAMPLES, strict=True):
        await row.get_by_role("button", name="Run").click()
        await expect(row.locator("summary")).to_contain_text("200 OK")
        await expect(row.locator("dl")).to_contain_text("content-type application/json", use_inner_text=True)
        shown = json.loads(await row.locator(".answer code").inner_text())
        assert [patient["id"] for patient in patients_in(shown)] == ids


def patients_in(answer: Any) -> Patients:
    """An envelope, an array or one patient."""
    if isinstance(answer, list):
        return answer
    rows: Patients = answer.get("data", [answer])
    return rows


async def test_what_is_run_again_replaces_what_it_showed(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    row = page.locator(".reads li").last
    for name in ("Somebody", "Somebody Else"):
        httpx2.patch(f"{server.url}/patients/1", json={"name": name})
        await row.get_by_role("button", name="Run").click()
        await expect(row.locator(".answer code")).to_contain_text(f'"name": "{name}"')
    await expect(row.locator(".answer")).to_have_count(1)


async def test_the_count_follows_a_post(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    httpx2.post(f"{server.url}/patients", json={**patients[0], "id": "new", "patientID": "P999"})
    await page.evaluate("dispatchEvent(new Event('focus'))")  # one comes back to the window
    await expect(page.locator("#count-1")).to_have_text(str(len(patients) + 1))
    await page.reload()
    await expect(page.locator("#count-1")).to_have_text(str(len(patients) + 1))


async def test_the_count_moves_while_somebody_looks(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    httpx2.post(f"{server.url}/patients", json={**patients[0], "id": "new", "patientID": "P999"})
    await expect(page.locator("#count-1")).to_have_text(str(len(patients) + 1))


async def test_two_windows_follow_each_change_at_once(visit: Visit, server: Server, patients: Patients) -> None:
    """Sooner than either would look by itself, each time."""
    windows = [await visit(server.url + ABOUT) for _ in range(2)]
    for page in windows:
        await expect(page.locator("#live")).to_be_visible()
    for turn in range(1, 5):
        await windows[0].wait_for_timeout(700)
        httpx2.post(f"{server.url}/patients", json={**patients[0], "id": f"new{turn}", "patientID": f"N{turn}"})
        for page in windows:
            await expect(page.locator("#count-1")).to_have_text(str(len(patients) + turn), timeout=1500)


async def test_the_mark_goes_out_with_the_server(visit: Visit, module_database: str, patients: Patients) -> None:
    with Server.ours(module_database) as server:
        page = await visit(server.url + ABOUT, expected="ERR_CONNECTION_REFUSED")
        await expect(page.locator("#live")).to_be_visible()
        server.stop()
        await expect(page.locator("#live")).to_be_hidden()
        server.start()
        await expect(page.locator("#live")).to_be_visible()


async def test_nothing_is_asked_for_a_page_out_of_view(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    await page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    await page.wait_for_timeout(1000)  # for an answer under way
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.wait_for_timeout(4000)
    assert asked == []


@pytest.mark.parametrize("kind", ["curl", "fetch"])
async def test_the_commands_that_write_succeed_as_they_stand(
    visit: Visit, server: Server, patients: Patients, kind: str
) -> None:
    page = await visit(server.url + ABOUT)
    await page.get_by_role("radio", name=kind).check()
    commands = await page.locator(f".writes .{kind} pre").all_inner_texts()
    added, changed, deleted = [await run(page, kind, command) for command in commands]
    assert (added["age"], changed["age"], deleted) == (45, 46, changed)
    assert added["id"] == changed["id"]
    assert httpx2.get(f"{server.url}/patients").json() == patients


async def run(page: Page, kind: str, command: str) -> dict[str, Any]:
    if kind == "fetch":
        answer: dict[str, Any] = await page.evaluate(f"async () => {command}")
        return answer
    program("curl")
    done = await asyncio.to_thread(subprocess.run, ["sh", "-c", f"{command} --silent --fail"], capture_output=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


@pytest.mark.parametrize("clipboard", ["navigator.clipboard", "the old way"])
async def test_a_copy_button_copies_what_stands_beside_it(
    visit: Visit, server: Server, patients: Patients, clipboard: str
) -> None:
    page = await visit(server.url + ABOUT, permissions=["clipboard-read", "clipboard-write"])
    read = await page.evaluate_handle("navigator.clipboard")
    if clipboard == "the old way":  # as on plain http from another machine
        await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    buttons = await page.get_by_role("button", name="Copy").all()
    assert len(buttons) == 1 + 7 + 3  # the .env line, the reads, the writes of one kind
    for button in buttons:
        await button.click()
        await expect(button).to_have_text("Copied")
        beside = button.locator("xpath=ancestor::li//a | following-sibling::pre")
        text = (await beside.inner_text()).removeprefix("GET ")
        copied = await read.evaluate("clipboard => clipboard.readText()")
        assert copied in (text, f"{server.url}{text}")


async def test_the_page_is_used_with_the_keyboard_alone(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT)
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('[data-run]')"):
            break
    await page.keyboard.press("Enter")
    await expect(page.locator(".reads li").first.locator("summary")).to_contain_text("200 OK")
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


async def test_without_javascript_the_examples_are_links(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url + ABOUT, java_script_enabled=False)
    await expect(page.locator("#count-1")).to_have_text(str(len(patients)))
    await expect(page.locator("button:visible")).to_have_count(0)
    await page.get_by_role("radio", name="fetch").check()
    await expect(page.locator(".writes pre").filter(visible=True).first).to_contain_text("await fetch(")
    await page.locator(".reads a").first.click()
    assert json.loads(await page.locator("body").inner_text())


async def test_a_dead_database_is_told_on_a_page_that_still_works(visit: Visit) -> None:
    with Server.ours(NOWHERE) as server:
        page = await visit(server.url + ABOUT, expected="ERR_CONNECTION_REFUSED")
        await expect(page.locator("#status")).to_have_text("Database not reachable")
        await expect(page.locator("#fault")).to_have_text(httpx2.get(f"{server.url}/health").json()["detail"])
        await expect(page.locator("#count-1")).to_have_text("?")
        await expect(page.locator(".reads li")).to_have_count(6)  # there is no row whose address were known
        await expect(page.get_by_text("VITE_API_BASE_URL")).to_be_visible()


async def test_a_database_that_comes_back_is_seen(visit: Visit, cluster: str, template: str) -> None:
    """By somebody who only looks."""
    with Server.ours(cluster.replace("@/patients?", "@/late?")) as server, psycopg.connect(cluster) as admin:
        page = await visit(server.url + ABOUT, expected="ERR_CONNECTION_REFUSED")
        await expect(page.locator("#status")).to_have_text("Database not reachable")
        admin.autocommit = True
        admin.execute(f"CREATE DATABASE late TEMPLATE {template}".encode())
        await expect(page.locator("#status")).to_have_text("Database reachable")
        await expect(page.locator("#fault")).to_be_hidden()
        await expect(page.locator("#count-1")).to_have_text("0")
        admin.execute("DROP DATABASE late WITH (FORCE)")
        await expect(page.locator("#status")).to_have_text("Database not reachable")


async def test_a_server_that_stops_is_told_and_seen_again_when_it_is_back(
    visit: Visit, module_database: str, patients: Patients
) -> None:
    with Server.ours(module_database) as server:
        page = await visit(server.url + ABOUT, expected="ERR_CONNECTION_REFUSED")
        server.stop()
        row = page.locator(".reads li").first
        await row.get_by_role("button", name="Run").click()
        await expect(row.locator("summary")).to_have_text("No answer: the server cannot be reached.")
        await expect(page.locator("#status")).to_have_text("Server does not answer")
        server.start()
        await row.get_by_role("button", name="Run").click()
        await expect(row.locator("summary")).to_contain_text("200 OK")
        await expect(page.locator("#status")).to_have_text("Database reachable")


async def test_origins_are_those_of_the_settings(visit: Visit, module_database: str) -> None:
    origins = "https://app.example, https://admin.example"
    with Server.ours(module_database, CORS_ORIGINS=origins) as server:
        page = await visit(server.url + ABOUT, expected="ERR_CONNECTION_REFUSED")
        await expect(page.get_by_text("Browser origins that may call")).to_have_text(
            "Browser origins that may call this server: https://app.example https://admin.example"
        )
