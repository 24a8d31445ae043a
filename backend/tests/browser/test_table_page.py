"""The table as a person works with it: in Chromium, with and without JavaScript, on what others change meanwhile."""

from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.async_api import Page, expect

from app.access import keys
from tests.chromium import Visit
from tests.patients import patient
from tests.servers import Server

Patients = list[dict[str, Any]]
READER, READER_LINE = keys.made("rita", "reader")
ADMIN, ADMIN_LINE = keys.made("anna", "admin")


@pytest.fixture(scope="module")
def asking(module_database: str) -> Iterator[Server]:
    with Server.ours(module_database, ACCESS="keys", API_KEYS=f"{READER_LINE},{ADMIN_LINE}") as running:
        yield running


async def ids(page: Page) -> list[str]:
    shown: list[str] = await page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.id)")
    return shown


async def expect_ids(page: Page, wanted: list[str]) -> None:
    await expect(page.locator("tbody tr")).to_have_count(len(wanted))
    assert await ids(page) == wanted


async def test_a_header_sorts_and_the_address_says_so(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url)
    age = page.get_by_role("columnheader", name="age")
    for way, query, first in (("ascending", "?_sort=age", "5"), ("descending", "?_sort=-age", "3e3a")):
        await age.get_by_role("link").click()
        await expect(age).to_have_attribute("aria-sort", way)
        await expect(page.locator(".request code")).to_have_text(f"GET /patients{query}")
        assert (page.url, (await ids(page))[0]) == (f"{server.url}/{query}", first)
        assert await page.evaluate("document.activeElement.textContent") == "age"
    await age.get_by_role("link").click()
    await expect(age).not_to_have_attribute("aria-sort", "descending")
    await page.go_back()
    await expect(age).to_have_attribute("aria-sort", "descending")


async def test_it_searches_as_one_types(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url)
    await page.get_by_role("searchbox").press_sequentially("asthma")
    await expect_ids(page, ["1", "5", "7"])
    await expect(page.locator(".request code")).to_have_text("GET /patients?q=asthma")
    assert await page.evaluate("document.activeElement.id") == "q"
    await page.reload()
    await expect_ids(page, ["1", "5", "7"])


@pytest.mark.parametrize("script", [True, False])
async def test_filters_by_the_dialect_s_operators(
    visit: Visit, server: Server, patients: Patients, script: bool
) -> None:
    page = await visit(server.url, java_script_enabled=script)
    for name, operator, value in (("age", "is at least", "40"), ("name", "contains", "a")):
        row = page.locator("#more fieldset")
        if not await row.is_visible():
            await page.locator("#more summary").click()
        await row.get_by_label("Field").select_option(name)
        await row.get_by_label("Operator").select_option(operator)
        await row.get_by_label("Value").fill(value)
        await row.get_by_label("Value").press("Enter")
        await expect(page.get_by_label(f"Remove the filter by {name}")).to_be_visible()
    assert page.url == f"{server.url}/?age_gte=40&name_contains=a"
    asked = httpx2.get(f"{server.url}/patients?age_gte=40&name_contains=a").json()
    await expect_ids(page, [one["id"] for one in asked])
    await page.get_by_label("Remove the filter by name").click()
    await expect_ids(page, ["1", "3e3a", "4", "6", "7"])


async def test_every_operator_of_the_page_means_what_its_request_means(server: Server, patients: Patients) -> None:
    page = httpx2.get(server.url, headers={"Accept": "text/html"}).text
    for spelling in ("", "_ne", "_contains", "_startsWith", "_endsWith", "_gte", "_lte", "_gt", "_lt", "_in", "_like"):
        assert f'<option value="{spelling}">' in page
        answer = httpx2.get(f"{server.url}/?name{spelling}=Anna", headers={"Accept": "text/html"}).text
        wanted = httpx2.get(f"{server.url}/patients?name{spelling}=Anna").json()
        assert answer.count("<tr data-id=") == len(wanted), spelling


async def test_columns_are_chosen(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url)
    await page.locator("#columns summary").click()
    await page.get_by_label("Hide gender").click()
    await expect(page.get_by_role("columnheader", name="gender")).to_have_count(0)
    await expect(page.locator(".request code")).to_have_text("GET /patients")
    await page.get_by_label("Show gender").click()
    await expect(page.get_by_role("columnheader", name="gender")).to_be_visible()


async def test_pages_turn(visit: Visit, server: Server, database_url: str) -> None:
    many = [patient(n, id=f"{n:03}") for n in range(1, 121)]
    assert httpx2.post(f"{server.url}/patients", json=many).status_code == 201
    page = await visit(server.url)
    await expect(page.locator("#count")).to_have_text("1–50 of 120 patients")
    await page.get_by_role("link", name="Last", exact=True).click()
    await expect(page.locator("#count")).to_have_text("101–120 of 120 patients")
    await expect(page.locator(".request code")).to_have_text("GET /patients?_page=3&_limit=50")
    await page.get_by_role("link", name="Previous").click()
    await expect(page.locator("#count")).to_have_text("51–100 of 120 patients")
    assert (await ids(page))[0] == "051"


async def test_it_copies_the_request(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(f"{server.url}/?age_gte=40&_sort=-age", permissions=["clipboard-read", "clipboard-write"])
    await page.locator(".request").get_by_role("button").click()
    await expect(page.locator("#said")).to_have_text("Copied")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{server.url}/patients?age_gte=40&_sort=-age"
    assert [one["id"] for one in httpx2.get(copied).json()] == await ids(page)


async def test_changes_of_others_appear(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(f"{server.url}/?age_gte=60")
    await expect(page.locator("#live")).to_be_visible()
    httpx2.patch(f"{server.url}/patients/1", json={"age": 99})
    await expect(page.locator("tr.changed")).to_have_attribute("data-id", "1")
    await expect(page.locator("tbody tr")).to_have_count(3)


async def test_a_record_is_added_with_the_server_s_words(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url, expected="Failed to load resource")
    await page.get_by_role("button", name="Add a patient").click()
    form = page.get_by_role("dialog")
    values = patient(9, patientID="P001")
    for name, value in values.items():
        field = form.get_by_label(name, exact=True)
        await (field.select_option(str(value)) if name == "gender" else field.fill(str(value)))
    await form.get_by_label("age", exact=True).fill("old")
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator(".field", has=page.get_by_label("age", exact=True)).locator(".fault")).to_contain_text(
        "must be a whole number"
    )
    await form.get_by_label("age", exact=True).fill("45")
    await form.get_by_role("button", name="Save").click()
    taken = form.locator(".field", has=page.get_by_label("patientID", exact=True)).locator(".fault")
    await expect(taken).to_have_text("is already used by another patient")
    await form.get_by_label("patientID", exact=True).fill("P999")
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Patient")
    stored = httpx2.get(f"{server.url}/patients?patientID=P999").json()
    assert [{name: one[name] for name in values} for one in stored] == [values | {"patientID": "P999"}]


async def test_a_conflict_shows_both(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(f"{server.url}/-/patients/1", expected="412")
    await page.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("name", exact=True).fill("Mine")
    httpx2.patch(f"{server.url}/patients/1", json={"name": "Theirs", "age": 50})
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator(".theirs:visible")).to_contain_text("Now there: Theirs")
    await expect(form.get_by_label("name", exact=True)).to_have_value("Mine")
    await expect(form.get_by_label("age", exact=True)).to_have_value("50")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_be_hidden()
    stored = httpx2.get(f"{server.url}/patients/1").json()
    assert (stored["name"], stored["age"]) == ("Mine", 50)


async def test_what_was_deleted_comes_back_where_it_was(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(f"{server.url}/-/patients/3e3a", expected="404")
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("This patient was deleted.")).to_be_visible()
    assert httpx2.get(f"{server.url}/patients/3e3a").status_code == 404
    await page.get_by_role("button", name="Undo the deletion").click()
    await expect(page.get_by_text("This patient was deleted.")).to_be_hidden()
    assert httpx2.get(f"{server.url}/patients").json() == patients


async def test_the_page_of_a_record_reads_without_javascript(visit: Visit, server: Server, patients: Patients) -> None:
    httpx2.patch(f"{server.url}/patients/a%2Fb%20c", json={"age": 35, "note": {"a": 1}})
    page = await visit(server.url, java_script_enabled=False)
    await page.get_by_role("link", name="a/b c").click()
    fields = page.locator(".fields")
    for text in ('<b>Bold</b> & "quoted"', "one of Male, Female, Other", '{"a": 1}', "not declared"):
        await expect(fields).to_contain_text(text)
    await expect(page.locator(".history li").first).to_contain_text("changed")
    await expect(page.locator(".history del").first).to_have_text("34")
    await expect(page.locator("button:visible")).to_have_count(0)


async def test_who_may_only_read_is_offered_no_more(visit: Visit, asking: Server, patients: Patients) -> None:
    page = await visit(asking.url)
    assert patients[0]["name"] not in await page.content()
    await page.get_by_text("I have an access key").click()
    await page.get_by_label("Access key").fill(READER)
    await page.get_by_role("button", name="Use it").click()
    await expect(page.locator("tbody tr")).to_have_count(len(patients))
    await expect(page.get_by_role("button", name="Add a patient")).to_have_count(0)
    await page.get_by_role("link", name="3e3a").click()
    await expect(page.locator(".fields")).to_contain_text("José Núñez")
    for name in ("Edit", "Delete"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)
    await expect(page.get_by_role("heading", name="History")).to_have_count(0)


async def test_who_may_all_does_it_under_their_name(visit: Visit, asking: Server, patients: Patients) -> None:
    page = await visit(f"{asking.url}/-/patients/1")
    await page.evaluate("key => sessionStorage.setItem('key', key)", ADMIN)
    await page.reload()
    await page.get_by_role("button", name="Edit").click()
    await page.get_by_role("dialog").get_by_label("age", exact=True).fill("46")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".history li").first).to_contain_text("by key:anna")


async def test_a_parameter_that_means_nothing_is_told(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(f"{server.url}/?nmae=Anna")
    await expect(page.locator(".notice")).to_contain_text("did you mean name?")
    await expect(page.locator("tbody tr")).to_have_count(len(patients))


async def test_a_picture_leads_to_what_it_shows(visit: Visit, server: Server, database_url: str) -> None:
    many = [patient(n, id=str(n), age=20 + n, gender="Male" if n % 4 else "Female") for n in range(1, 41)]
    httpx2.post(f"{server.url}/patients", json=many)
    page = await visit(server.url)
    gender = page.locator("figure", has=page.get_by_text("gender", exact=True))
    await expect(gender.locator("li").first).to_contain_text("30")
    await gender.get_by_role("link", name="Female").click()
    await expect(page.locator("#count")).to_have_text("1–10 of 10 patients")
    age = page.get_by_role("group", name="How age spreads").get_by_role("link").first
    shown = (await age.get_attribute("aria-label") or "").rpartition(": ")[2]
    await age.click()
    await expect(page.locator("tbody tr")).to_have_count(int(shown))


async def test_a_database_that_comes_back_is_seen(visit: Visit, cluster: str, template: str) -> None:
    with Server.ours(cluster.replace("@/patients?", "@/tardy?")) as server, psycopg.connect(cluster) as admin:
        page = await visit(server.url, expected="ERR_CONNECTION_REFUSED")
        await expect(page.locator("#status")).to_have_text("Database not reachable")
        admin.autocommit = True
        admin.execute(f"CREATE DATABASE tardy TEMPLATE {template}".encode())
        await expect(page.locator("#count")).to_have_text("There are no patients yet.")
        admin.execute("DROP DATABASE tardy WITH (FORCE)")


async def test_nothing_there_is_said(visit: Visit, server: Server, database_url: str) -> None:
    page = await visit(server.url)
    await expect(page.locator("#count")).to_have_text("There are no patients yet.")
    await page.get_by_role("searchbox").fill("nobody")
    await expect(page.locator("#count")).to_contain_text("No patient is like this.")


async def test_the_table_is_used_with_the_keyboard_alone(visit: Visit, server: Server, patients: Patients) -> None:
    page = await visit(server.url)
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate(
            "document.activeElement.matches('th a') && document.activeElement.textContent == 'name'"
        ):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("columnheader", name="name")).to_have_attribute("aria-sort", "ascending")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


async def test_no_name_of_an_address_is_in_the_log_of_production(module_database: str, database_url: str) -> None:
    told = {"ENVIRONMENT": "production", "ACCESS": "open", "HOME_PAGE": "true", "LOG_LEVEL": "INFO"}
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT 1")
    with Server.ours(module_database, **told) as server:
        for address in ("/?name=Sekretowa", "/-/patients?q=Sekretowa", "/-/patients/Sekretowa"):
            httpx2.get(server.url + address, headers={"Accept": "text/html"})
        server.stop()
        assert "GET /-/patients/{id}" in server.said
        assert "Sekretowa" not in server.said
        server.start()
