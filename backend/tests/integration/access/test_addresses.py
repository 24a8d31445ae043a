"""Every address, method and role: who comes in, and what everybody else is told."""

import re
from collections.abc import AsyncIterator, Mapping

import httpx2
import psycopg
import pytest
from pydantic import SecretStr

from app.access import keys
from app.access.actor import ROLES
from app.config import Settings
from tests.asked import serving
from tests.patients import patient

Known = Mapping[str, dict[str, str]]

EVERYBODY = "nobody bad expired reader writer auditor admin"
ANYBODY = "reader writer auditor admin"

# Method, address -> who comes in.
MAY = {
    ("GET", "/patients"): ANYBODY,
    ("HEAD", "/patients"): ANYBODY,
    ("POST", "/patients"): "writer admin",
    ("GET", "/patients/1"): ANYBODY,
    ("HEAD", "/patients/1"): ANYBODY,
    ("PUT", "/patients/1"): "writer admin",
    ("PATCH", "/patients/1"): "writer admin",
    ("DELETE", "/patients/1"): "admin",
    ("GET", "/patients/1/history"): "auditor admin",
    ("GET", "/patients/1/history/2"): "auditor admin",
    ("GET", "/patients/1/patients"): ANYBODY,
    ("POST", "/patients/1/patients"): "writer admin",
    ("GET", "/db"): ANYBODY,
    ("GET", "/exports"): ANYBODY,
    ("GET", "/changes"): ANYBODY,
    ("POST", "/imports"): "admin",
    ("GET", "/imports"): "admin",
    ("GET", "/imports/1"): "admin",
    ("DELETE", "/imports/1"): "admin",
    ("GET", "/imports/1/report"): "admin",
    ("GET", "/imports/1/rejects"): "admin",
    ("PUT", "/imports"): ANYBODY,  # 405
    ("GET", "/metrics"): ANYBODY,
    ("POST", "/login"): EVERYBODY,
    ("POST", "/signin"): EVERYBODY,
    ("GET", "/login"): ANYBODY,  # 405
    ("POST", "/logout"): ANYBODY,
    ("PUT", "/patients"): ANYBODY,  # 405
    ("POST", "/patients/1"): ANYBODY,  # 405
    ("POST", "/health"): ANYBODY,  # 405
    ("GET", "/nowhere"): ANYBODY,  # 404
    ("DELETE", "/nowhere/1/2/3"): ANYBODY,  # 404
    ("GET", "/patients/1/nowhere"): ANYBODY,  # 404
    ("GET", "/"): EVERYBODY,
    ("GET", "/health"): EVERYBODY,
    ("HEAD", "/health"): EVERYBODY,
    ("GET", "/health/live"): EVERYBODY,
    ("GET", "/docs"): EVERYBODY,
    ("GET", "/docs/swagger-ui.css"): EVERYBODY,
    ("GET", "/openapi.json"): EVERYBODY,
    ("OPTIONS", "/patients"): EVERYBODY,
    ("OPTIONS", "/patients/1"): EVERYBODY,
}


@pytest.mark.parametrize("who", EVERYBODY.split())
async def test_who_comes_in(api: httpx2.AsyncClient, known: Known, who: str) -> None:
    for (method, address), those in MAY.items():
        answer = await api.request(method, address, headers=known[who])
        may = who in those.split()
        assert (method, address, answer.status_code not in {401, 403}) == (method, address, may)
        if not may:
            _refused(answer, who)


def _refused(answer: httpx2.Response, who: str) -> None:
    challenge = answer.headers["www-authenticate"]
    assert answer.status_code == (403 if who in ROLES else 401)
    assert challenge.startswith('Bearer realm="patients"')
    assert ("insufficient_scope" in challenge) is (who in ROLES)
    assert ("invalid_token" in challenge) is (who in {"bad", "expired"})
    assert ('"expired"' in challenge) is (who == "expired")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "address",
    [
        "//patients",
        "/patients/",
        "/patients//",
        "/%70atients",
        "/patients%2F1",
        "/patients/1/",
        "//patients//1",
        "/Patients",
    ],
)
@pytest.mark.parametrize("who", ["nobody", "bad"])
async def test_no_spelling_of_an_address_slips_past(
    api: httpx2.AsyncClient, known: Known, address: str, who: str
) -> None:
    assert (await api.get(f"http://test{address}", headers=known[who])).status_code == 401


async def test_the_answers_that_a_tag_or_a_method_would_have_come_after(api: httpx2.AsyncClient, known: Known) -> None:
    tag = (await api.post("/patients", headers=known["writer"], json=patient(id="1"))).headers["etag"]
    asked = {"If-None-Match": tag}
    assert (await api.get("/patients/1", headers=asked)).status_code == 401
    assert (await api.get("/patients/1", headers=asked | known["reader"])).status_code == 304
    assert (await api.put("/patients", headers=known["reader"])).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "allow" not in (await api.put("/patients")).headers


@pytest.mark.parametrize(
    ("authorization", "status", "says"),
    [
        (["Basic YTpi"], 401, 'Bearer realm="patients"'),
        ([""], 401, 'Bearer realm="patients"'),
        (["Bearer"], 400, 'Bearer realm="patients", error="invalid_request"'),
        (["Bearer "], 400, 'Bearer realm="patients", error="invalid_request"'),
        (["Bearer a b"], 400, 'Bearer realm="patients", error="invalid_request"'),
        (["Bearer a\xe9"], 400, 'Bearer realm="patients", error="invalid_request"'),
        (["Bearer a", "Bearer a"], 400, 'Bearer realm="patients", error="invalid_request"'),
        (
            ["Bearer " + "a" * 31_000],
            401,
            'Bearer realm="patients", error="invalid_token", error_description="not valid"',
        ),
    ],
)
async def test_what_rfc_6750_asks_for(
    api: httpx2.AsyncClient, authorization: list[str], status: int, says: str
) -> None:
    headers = [(b"Authorization", value.encode("latin-1")) for value in authorization]
    answer = await api.get("/patients", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (status, says)
    assert answer.json()["detail"]
    assert answer.json()["status"] == status


async def test_the_scheme_is_read_whatever_its_case(
    api: httpx2.AsyncClient, made: Mapping[str, tuple[str, str]]
) -> None:
    key, _ = made["reader"]
    for scheme in ("bearer", "BEARER"):
        assert (await api.get("/patients", headers={"Authorization": f"{scheme} {key}"})).status_code == 200


async def test_what_is_missing_is_named(api: httpx2.AsyncClient, known: Known) -> None:
    answer = await api.delete("/patients/1", headers=known["writer"])
    says = 'Bearer realm="patients", error="insufficient_scope", scope="user/Patient.d"'
    assert (answer.status_code, answer.headers["www-authenticate"]) == (403, says)
    assert answer.json()["detail"] == "key:writer may not do this: it takes user/Patient.d."


async def test_a_page_of_an_allowed_origin_reads_refusals_and_needs_no_key_to_ask(
    asking: Settings, table: psycopg.Connection[object]
) -> None:
    origin = "https://app.example"
    async with serving(asking.model_copy(update={"cors_origins": (origin,)})) as http:
        wish = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}
        preflight = await http.options("/patients/1", headers={"Origin": origin, **wish})
        refused = await http.get("/patients", headers={"Origin": origin})
    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == origin
    assert "www-authenticate" in refused.headers["access-control-expose-headers"].lower()


async def test_no_byte_of_a_body_is_read_for_somebody_unknown(api: httpx2.AsyncClient, known: Known) -> None:
    read = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"{"

    json = {"Content-Type": "application/json"}
    for who, status in (("nobody", 401), ("reader", 403)):
        assert (await api.post("/patients", headers=known[who] | json, content=body())).status_code == status
    assert read == []
    assert (await api.post("/patients", headers=known["writer"] | json, content=body())).status_code == 400
    assert read == [1]


async def test_one_resource_s_rights_are_of_that_one(settings: Settings, table: psycopg.Connection[object]) -> None:
    key, line = keys.made("anna", "patients:crs+doctors:crudshi")
    one = settings.model_copy(update={"access": ("keys",), "api_keys": SecretStr(line)})
    async with serving(one) as http:
        http.headers["Authorization"] = f"Bearer {key}"
        assert (await http.get("/patients")).status_code == 200
        assert (await http.delete("/patients/1")).status_code == 403


async def test_the_home_page_tells_strangers_neither_counts_nor_ids(api: httpx2.AsyncClient, known: Known) -> None:
    await api.post("/patients", headers=known["writer"], json=patient(id="secret-id"))
    for who, count, actor in (("nobody", None, None), ("bad", None, None), ("reader", 1, "key:reader")):
        summary = (await api.get("/", headers=known[who])).json()
        page = (await api.get("/", headers=known[who] | {"Accept": "text/html"})).text
        assert (summary["resources"][0]["count"], summary["actor"]) == (count, actor)
        assert ("secret-id" in page) is (count == 1)


async def test_the_description_says_how_to_be_known(api: httpx2.AsyncClient, client: httpx2.AsyncClient) -> None:
    described = (await api.get("/openapi.json")).json()
    assert described["components"]["securitySchemes"]["bearerAuth"]["scheme"] == "bearer"
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert ({"401", "403"} <= operation["responses"].keys()) is not path.startswith("/health")
            assert ("security" in operation) is not path.startswith("/health")
    assert "securitySchemes" not in (await client.get("/openapi.json")).json()["components"]


async def test_the_figures_name_who_asked(api: httpx2.AsyncClient, known: Known) -> None:
    before, after = [await _asked_by_readers(api, known) for _ in range(2)]
    assert after == before + 1


async def _asked_by_readers(api: httpx2.AsyncClient, known: Known) -> float:
    figures = (await api.get("/metrics", headers=known["reader"])).text
    [count] = re.findall(r'^http_requests_by_actor_total\{actor="key:reader"\} (\S+)', figures, re.MULTILINE) or [0]
    return float(count)
