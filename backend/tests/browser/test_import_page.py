"""The import page as a person meets it: a file, a dry run, what would become of each record, and then in with it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.async_api import FilePayload, Page, expect

from app.access import keys
from tests.chromium import Visit
from tests.patients import patient
from tests.servers import Server

Table = psycopg.Connection[Any]
KEY, LINE = keys.made("anna", "admin")
READER, READERS_LINE = keys.made("rudi", "reader")
GOOD, BAD = 12, 2
_RECORDS = [
    *({"id": str(one)} | patient(one) for one in range(GOOD)),
    *({"id": str(one)} | patient(one, age="old") for one in range(100, 100 + BAD)),
]
CONTENT = json.dumps({"patients": _RECORDS, "doctors": [{}]}, indent=2)


@pytest.fixture(scope="module")
def asking(module_database: str) -> Iterator[Server]:
    with Server.ours(module_database, access="keys", api_keys=f"{LINE},{READERS_LINE}", base_path="/api") as server:
        yield server


@pytest.fixture
def table(database_url: str) -> Iterator[Table]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE imports CASCADE")
        yield connection


async def choose(page: Page, content: str = CONTENT) -> None:
    file: FilePayload = {"name": "theirs.json", "mimeType": "application/json", "buffer": content.encode()}
    await page.get_by_label("Choose a db.json").set_input_files(file)


async def counts(page: Page) -> dict[str, str]:
    rows = await page.locator(".verdicts tbody tr").all()
    return {await row.locator("th").inner_text(): await row.locator("td").first.inner_text() for row in rows}


async def test_a_file_is_tried_and_then_imported(visit: Visit, server: Server, table: Table) -> None:
    page = await visit(f"{server.url}/-import")
    await choose(page)
    await expect(page.get_by_role("heading", name="Dry run of 14 records: nothing was written")).to_be_focused()
    found = {"migrated": "12", "unchanged": "0", "rejected": "2", "duplicate": "0", "conflict": "0"}
    assert await counts(page) == found
    assert httpx2.get(f"{server.url}/patients").json() == []
    line = CONTENT[: CONTENT.index('"old"')].count("\n") + 1
    await expect(page.locator("#faults li").first).to_contain_text(f"line {line}, column ")
    await expect(page.locator("#faults li").first).to_contain_text("age must be")
    await expect(page.locator("#remarks")).to_contain_text("Not imported: doctors (list, 1 record)")
    await page.get_by_role("button", name="Import the 12 good records").click()
    await expect(page.get_by_role("heading", name="12 records written")).to_be_visible()
    assert len(httpx2.get(f"{server.url}/patients").json()) == GOOD
    await expect(page.get_by_role("button", name="good records")).to_be_hidden()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Save the rejected records").click()
    saved = json.loads((await (await download.value).path()).read_text())
    assert [record["age"] for record in saved["patients"]] == ["old"] * BAD


async def test_a_file_is_dropped(visit: Visit, server: Server, table: Table) -> None:
    page = await visit(f"{server.url}/-import")
    drop = """text => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], "dropped.json"));
        const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector(".drop").dispatchEvent(event);
    }"""
    await page.evaluate(drop, CONTENT)
    await expect(page.get_by_label("Choose a db.json")).to_have_value(re.compile("dropped.json"))
    await expect(page.get_by_role("heading", name="Dry run of 14 records")).to_be_visible()


async def test_all_or_nothing(visit: Visit, server: Server, table: Table) -> None:
    page = await visit(f"{server.url}/-import")
    await page.get_by_label("Write only if every record is good").check()
    await choose(page)
    await expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
    await expect(page.locator("#remarks")).to_contain_text("12 records are good, and held back")
    await expect(page.locator("[data-import]")).to_be_hidden()


async def test_what_is_no_db_json_is_told_with_its_place(visit: Visit, server: Server, table: Table) -> None:
    page = await visit(f"{server.url}/-import")
    await choose(page, '{\n  "patients": [\n    {"id": }\n  ]\n}')
    await expect(page.get_by_role("alert")).to_contain_text("line 3, column 12: not JSON")
    await expect(page.locator("#running")).to_be_hidden()


async def test_one_that_runs_is_followed_and_cancelled(visit: Visit, server: Server, table: Table) -> None:
    """It waits for somebody who writes; the page was loaded after it had begun."""
    with psycopg.connect(table.info.dsn) as writer:
        writer.execute("LOCK TABLE patients IN ROW EXCLUSIVE MODE")
        headers = {"Content-Type": "application/json"}
        key = httpx2.post(f"{server.url}/imports", content=CONTENT, headers=headers).json()["id"]
        page = await visit(f"{server.url}/-import")
        await expect(page.locator("#step")).to_contain_text("Waiting for writers")
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_role("alert")).to_have_text("It was cancelled. Nothing was changed.")
    assert httpx2.get(f"{server.url}/imports/{key}").json()["state"] == "cancelled"


async def test_who_is_asked_signs_in_and_who_may_not_is_told(visit: Visit, asking: Server, table: Table) -> None:
    for key, may in ((READER, False), (KEY, True)):
        page = await visit(f"{asking.url}/api/-import", expected="Failed to load resource")
        await page.get_by_text("I have an access key").click()
        await page.get_by_label("Access key").fill(key)
        await page.get_by_role("button", name="Use it").click()
        await expect(page.locator("#known")).to_be_visible()
        await expect(page.get_by_role("link", name="Import")).to_have_count(int(may))
        await expect(page.get_by_text("Who imports needs the right")).to_have_count(int(not may))
    await choose(page)
    await page.get_by_role("button", name="Import the 12 good records").click()
    await expect(page.get_by_role("heading", name="12 records written")).to_be_visible()
    async with page.expect_download():
        await page.get_by_role("button", name="Save the report").click()
    changes = httpx2.get(f"{asking.url}/api/patients/1/history", headers={"Authorization": f"Bearer {KEY}"}).json()
    assert changes[0]["by"] == "key:anna"


async def test_without_javascript_it_says_how_it_is_done(visit: Visit, server: Server) -> None:
    page = await visit(f"{server.url}/-import", java_script_enabled=False)
    await expect(
        page.get_by_text(f"curl --data-binary @db.json -H 'Content-Type: application/json' '{server.url}")
    ).to_be_visible()
    await expect(page.get_by_label("Choose a db.json")).to_be_hidden()


async def test_where_nothing_may_be_imported_there_is_no_page(database_url: str) -> None:
    with Server.ours(database_url, import_max_bytes=0) as server:
        assert server.status("/-import") == 404
        assert "-import" not in httpx2.get(f"{server.url}/-about").text
