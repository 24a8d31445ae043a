"""The operator's page in a browser: the buttons change the stage, after a question, and say why one stays."""

from playwright.async_api import Dialog, Page, expect

from tests.chromium import Visit
from tests.cutover.trio import SECONDS, Trio
from tests.servers import wait_until

Asked = list[str]


def answering(page: Page, *answers: str | None) -> Asked:
    """What the page asks from now on, each answered in turn; None: not so."""
    asked: Asked = []

    async def answer(dialog: Dialog) -> None:
        said = answers[len(asked)]
        asked.append(dialog.message)
        await (dialog.dismiss() if said is None else dialog.accept(said))

    page.on("dialog", answer)
    return asked


async def demand(page: Page, stage: str, said: str) -> None:
    await expect(page.get_by_role("status")).to_contain_text(said)
    await expect(page.locator("[aria-current=step]")).to_have_text(stage)


async def test_the_buttons_lead_there_and_back(in_copy: Trio, visit: Visit) -> None:
    in_copy.cutover.stage("old", anyway="a test")
    page = await visit(
        f"http://127.0.0.1:{in_copy.cutover.admin_port}/", expected="the server responded with a status of 4"
    )
    to_copy, how_many = "Go to copy?", "How many per cent of the clients?"
    asked = answering(page, None, "", "40", "many", "101", "40", None, "")
    copy, ramp = page.get_by_role("button", name="copy"), page.get_by_role("button", name="ramp")

    await copy.click()
    assert (asked, in_copy.cutover.facts["stage"]) == ([to_copy], "old")
    await copy.click()
    await demand(page, "copy", "Stage copy.")
    assert in_copy.cutover.facts["stage"] == "copy"

    await ramp.click()
    await demand(page, "copy", "Stage copy stays: 0 comparisons were made in this stage, 5 are enough")
    for limit in range(1, 7):
        assert in_copy.ask("GET", f"/patients?_page=1&_limit={limit}").status == 200
    wait_until(lambda: in_copy.cutover.facts["compared"].get("equal", 0) >= 5, SECONDS, "it is compared")
    for why in ("a valid integer", "less than or equal to 100"):
        await ramp.click()
        await demand(page, "copy", f"share: Input should be {why}")
    await ramp.click()
    await demand(page, "ramp", "Stage ramp.")
    await expect(page.locator(".share")).to_contain_text("40 % of the clients")
    assert (in_copy.cutover.facts["stage"], in_copy.cutover.facts["share"]) == ("ramp", 40)

    await ramp.click()
    await copy.click()
    await demand(page, "copy", "Stage copy.")
    await expect(page).to_have_title("Cutover: copy")
    assert asked == [to_copy] * 2 + [how_many] * 5 + [to_copy]
    assert in_copy.cutover.facts["stage"] == "copy"
    in_copy.demand_equal()
