"""The machine's Chromium, driven by Playwright. What a page does besides being looked at is held to be wrong.

`visit(url)` opens a page. At the end no request may have left its origin (but to the origin `also`), and its console
must have been silent (but for what is `expected`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright

from tests.needs import program

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's own calls home; on a closed network they only cost time.
_QUIET = ("background-networking", "component-update", "default-apps", "sync", "quic", "gpu")

Visit = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chrome = program(*_NAMES)
    arguments = [f"--disable-{feature}" for feature in _QUIET]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chrome, args=arguments)
        yield chromium
        await chromium.close()


@pytest.fixture
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    contexts: list[BrowserContext] = []
    seen: list[str] = []

    async def open_page(url: str, *, also: str | None = None, expected: str | None = None, **options: Any) -> Page:
        context = await browser.new_context(**options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        _watch(page, [url, also or url], expected, seen)
        await page.goto(url)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert seen == []


def _watch(page: Page, allowed: Sequence[str], expected: str | None, seen: list[str]) -> None:
    """Note what the page should not do."""

    addresses = ("data:", *(urljoin(url, "/") for url in allowed))

    def request(request: Request) -> None:
        if not request.url.startswith(addresses):
            seen.append(f"request to {request.url}")

    def console(message: ConsoleMessage) -> None:
        if expected is None or expected not in message.text:
            seen.append(f"console: {message.text}")

    page.context.on("request", request)
    page.on("console", console)
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
