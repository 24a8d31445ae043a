"""/ and /docs without a browser: who gets HTML, what the JSON says, what the policy allows."""

import re
import socket
import time
from base64 import b64encode
from hashlib import sha256

import httpx2
import pytest
from pydantic import SecretStr

from app import __version__
from app.config import Settings
from app.resources import PATIENTS, RESOURCES
from tests.asked import serving
from tests.patients import patient

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (BROWSER["accept"], "text/html"),
        ("text/html", "text/html"),
        ("TEXT/HTML; q=0.5", "text/html"),
        ("application/json;q=0.4, text/html;q=0.5", "text/html"),
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/html;q=0.4, application/json", "application/json"),
        ("text/html;q=0", "application/json"),
        (",;;q=x, text/*", "application/json"),
    ],
)
async def test_html_goes_to_those_who_ask_for_it(client: httpx2.AsyncClient, accept: str, media_type: str) -> None:
    response = await client.get("/", headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, media_type)
    assert "accept" in {name.strip().lower() for name in response.headers["vary"].split(",")}
    assert response.headers["cache-control"] == "no-store"


async def test_the_json_summary(client: httpx2.AsyncClient) -> None:
    await client.post("/patients", json=patient())
    assert (await client.get("/")).json() == {
        "name": "Patients API",
        "version": __version__,
        "database": "ok",
        "resources": [
            {"path": f"/{one.path}", "url": f"http://test/{one.path}", "count": int(one is PATIENTS)}
            for one in RESOURCES
        ],
        "corsOrigins": ["*"],
        "jsonServerDialect": "0.17",
        "links": {
            "docs": "http://test/docs",
            "openapi": "http://test/openapi.json",
            "health": "http://test/health",
        },
    }


async def test_the_policy_allows_the_inlined_style_and_script_and_no_other(client: httpx2.AsyncClient) -> None:
    response = await client.get("/docs", headers=BROWSER)
    policy = policy_of(response)
    for tag in ("style", "script"):
        [text] = re.findall(f"<{tag}>(.*?)</{tag}>", response.text, re.DOTALL)
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy[f"{tag}-src"].split()


def policy_of(response: httpx2.Response) -> dict[str, str]:
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in response.headers["content-security-policy"]
    return policy


@pytest.mark.parametrize("address", ["/", "/-about"])
async def test_a_page_s_style_and_scripts_are_files_of_this_server(client: httpx2.AsyncClient, address: str) -> None:
    response = await client.get(address, headers=BROWSER)
    assert policy_of(response) | {"script-src": "'self'", "style-src": "'self'"} == policy_of(response)
    assert not re.search(r"<style|<script(?! type=\"module\" src=)| style=| on\w+=", response.text)
    for file in re.findall(r'(?:src|href)="(/-static/[^"]+)"', response.text):
        answer = await client.get(file)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "max-age=31536000, immutable")
        assert (await client.get(file.replace("/-static/", "/-static/0"))).status_code == 404


async def test_what_comes_from_the_request_is_escaped(client: httpx2.AsyncClient) -> None:
    for host in ("x'><script>alert(1)</script>", "a\"onload='1", "ok.example"):
        response = await client.get("/-about", headers={**BROWSER, "host": host})
        assert response.status_code == 200
        assert response.text.count("<script") == 1
        assert ("ok.example" in response.text) is (host == "ok.example")


async def test_an_id_that_looks_like_html_is_escaped(client: httpx2.AsyncClient) -> None:
    await client.post("/patients", json=patient(id='"><script>alert(1)</script>'))
    page = (await client.get("/", headers=BROWSER)).text
    assert page.count("<script") == 1
    assert 'href="/-/patients/%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E"' in page


@pytest.mark.parametrize("headers", [BROWSER, {}])
async def test_home_page_false_switches_it_off(settings: Settings, headers: dict[str, str]) -> None:
    async with serving(settings, home_page=False) as http:
        assert (await http.get("/", headers=headers)).status_code == 404
        assert (await http.get("/docs")).status_code == 200


@pytest.mark.parametrize(("environment", "home_page", "status"), [("production", None, 404), ("production", True, 200)])
async def test_production_has_pages_only_where_it_is_told(
    settings: Settings, environment: str, home_page: bool | None, status: int
) -> None:
    async with serving(settings, environment=environment, home_page=home_page) as http:
        assert [(await http.get(path)).status_code for path in ("/", "/-about")] == [status, status]


async def test_a_frozen_database_is_told_within_two_seconds(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, never says a word
        dsn = SecretStr(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/patients")
        async with serving(settings, database_url=dsn) as http:
            begin = time.monotonic()
            page = await http.get("/", headers=BROWSER)
            assert time.monotonic() - begin < 2
            summary = (await http.get("/")).json()
            health = (await http.get("/health")).json()
    assert (page.status_code, "Database not reachable" in page.text) == (200, True)
    assert (summary["database"], summary["detail"]) == (health["database"], health["detail"])
    assert summary["resources"][0]["count"] is None


@pytest.mark.parametrize("origins", [("https://a.example", "https://b.example"), (), ("*",)])
async def test_the_origins_are_those_cors_allows(settings: Settings, origins: tuple[str, ...]) -> None:
    async with serving(settings, cors_origins=origins) as http:
        page = (await http.get("/-about")).text
        assert (await http.get("/")).json()["corsOrigins"] == list(origins)
    assert all(f"<code>{origin}</code>" in page for origin in origins)
    assert ("<strong>none</strong>" in page) is (origins == ())
    assert ("Send no credentials" in page) is (origins == ("*",))


@pytest.mark.parametrize(("dialect", "other"), [("0.17", "1"), ("1", "0.17")])
async def test_the_page_says_whose_dialect_it_speaks_and_how_to_change_it(
    settings: Settings, dialect: str, other: str
) -> None:
    async with serving(settings, json_server_dialect=dialect) as http:
        page = (await http.get("/-about")).text
        assert (await http.get("/")).json()["jsonServerDialect"] == dialect
    assert f"<code>JSON_SERVER_DIALECT={other}</code>" in page


@pytest.mark.parametrize(
    ("file", "media_type"), [("swagger-ui.css", "text/css"), ("swagger-ui-bundle.js", "text/javascript")]
)
async def test_the_documentation_s_files_come_from_here(client: httpx2.AsyncClient, file: str, media_type: str) -> None:
    response = await client.get(f"/docs/{file}")
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, media_type)
    assert len(response.content) > 100_000


@pytest.mark.parametrize("file", ["redoc.standalone.js", "%2e%2e%2fcore.py", "core.py"])
async def test_only_the_files_of_the_page_are_served(client: httpx2.AsyncClient, file: str) -> None:
    assert (await client.get(f"/docs/{file}")).status_code == 404
