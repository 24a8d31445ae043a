"""What a browser needs on every answer, errors included; and what no answer may say."""

import httpx2
import pytest
from pydantic import SecretStr

from app.api.refusals import refusal
from app.config import Settings
from tests.asked import serving
from tests.patients import patient

ORIGIN = {"origin": "http://localhost:5173"}


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/patients", 200),
        ("GET", "/patients/nope", 404),
        ("GET", "/nope", 404),
        ("PUT", "/patients", 405),
        ("POST", "/patients", 415),
        ("GET", "/patients/%ff", 400),
        ("GET", "/health", 200),
    ],
)
async def test_every_answer_can_be_read_by_a_frontend(
    client: httpx2.AsyncClient, method: str, address: str, status: int
) -> None:
    response = await client.request(method, address, headers=ORIGIN)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, "*")
    exposed = {name.strip() for name in response.headers["access-control-expose-headers"].split(",")}
    assert {"X-Total-Count", "Link", "Location", "ETag"} <= exposed
    assert "access-control-allow-credentials" not in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("address", ["/patients", "/patients/1", "/nope"])
async def test_a_preflight_allows_every_method_and_header(client: httpx2.AsyncClient, address: str) -> None:
    asks = {"access-control-request-method": "PATCH", "access-control-request-headers": "content-type,x-own"}
    response = await client.options(address, headers=ORIGIN | asks)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert "PATCH" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "content-type,x-own"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example", True),
        *(
            (f, False)
            for f in ("https://evil.example", "null", "https://app.example.evil.example", "http://app.example", "*", "")
        ),
    ],
)
async def test_in_production_only_listed_origins_get_permission(settings: Settings, origin: str, allowed: bool) -> None:
    async with serving(settings, cors_origins=("https://app.example",), environment="production") as http:
        simple = await http.get("/patients", headers={"origin": origin})
        asks = {"origin": origin, "access-control-request-method": "POST"}
        preflight = await http.options("/patients", headers=asks)
    expected = origin if allowed else None
    assert simple.headers.get("access-control-allow-origin") == expected
    assert (preflight.status_code, preflight.headers.get("access-control-allow-origin")) == (204, expected)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://project-git-branch-team.vercel.app", True),
        ("https://app.example", True),
        ("https://a.b.vercel.app", False),
        ("https://vercel.app.evil.example", False),
        ("https://*.vercel.app", False),
        (None, False),
    ],
)
async def test_a_preview_of_the_frontend_gets_permission_for_itself(
    settings: Settings, origin: str | None, allowed: bool
) -> None:
    origins = ("https://*.vercel.app", "https://app.example")
    asked = {"origin": origin} if origin else {}
    async with serving(settings, cors_origins=origins) as http:
        answers = [await http.get("/patients", headers=asked), await http.get("/nope", headers=asked)]
        answers += [await http.options("/patients", headers={**asked, "access-control-request-method": "PUT"})]
    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {origin if allowed else None}
    assert all("origin" in answer.headers["vary"].lower() for answer in answers)


@pytest.mark.parametrize(
    ("origins", "everybodys"),
    [
        (["*"], "*"),
        (["https://a.example"], "https://a.example"),
        (["https://*.a.example"], None),
        (["https://a.example", "https://b.example"], None),
    ],
)
def test_what_was_not_read_has_only_what_is_right_for_everybody(origins: list[str], everybodys: str | None) -> None:
    assert refusal(origins)(400, "").headers.get("Access-Control-Allow-Origin") == everybodys


@pytest.mark.parametrize(("sent", "kept"), [("abc-DEF_1", True), ("x" * 65, False), ("a b", False), ("", False)])
async def test_a_request_id_is_taken_if_it_is_harmless(client: httpx2.AsyncClient, sent: str, kept: bool) -> None:
    answered = (await client.get("/health/live", headers={"x-request-id": sent})).headers["x-request-id"]
    assert (answered == sent) is kept
    assert answered


async def test_health_tells_the_truth_of_the_database(client: httpx2.AsyncClient) -> None:
    report = (await client.get("/health")).json()
    assert (report["status"], report["database"]) == ("ok", "ok")
    assert set(report) == {"status", "database", "version", "timestamp"}
    assert (await client.get("/health/live")).json()["status"] == "ok"


async def test_a_missing_database_is_503_everywhere_but_live(settings: Settings) -> None:
    async with serving(settings, database_url=SecretStr("host=/nonexistent"), db_deadline=0.5) as http:
        answers = [
            await http.get("/patients"),
            await http.get("/patients/1"),
            await http.post("/patients", json=patient()),
            await http.get("/health"),
        ]
        live = await http.get("/health/live")
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "1")] * 4
    assert all("nonexistent" not in answer.text for answer in answers)
    assert live.status_code == 200
