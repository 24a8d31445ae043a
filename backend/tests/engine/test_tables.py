"""The pages for people on every kind of field, on records that belong together, and below a path."""

from urllib.parse import quote

import httpx2
import pytest

from app.api.field_rules import example
from app.config import Settings
from app.resource.resource import Resource
from tests.asked import serving
from tests.engine.declared import EVERY
from tests.engine.pets import PETS, pet

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("resource", EVERY, ids=lambda one: one.path)
async def test_every_resource_has_a_table_and_a_page_for_each_record(
    engine: httpx2.AsyncClient, resource: Resource
) -> None:
    unique = set(resource.unique.values())
    bodies = [
        {name: f"{value}{n}" if name in unique else value for name, value in example(resource).items()}
        for n in range(12)
    ]
    made = (await engine.post(f"/{resource.path}", json=bodies)).json()
    table = await engine.get(f"/-/{resource.path}?_sort=-{list(resource.fields)[1]}")
    assert (table.status_code, table.text.count("<tr data-id=")) == (200, 12)
    assert f'href="/-/{resource.path}"' in (await engine.get("/", headers=HTML)).text
    page = await engine.get(f"/-/{resource.path}/{made[0]['id']}")
    assert page.status_code == 200
    assert all(f">{name}<" in page.text for name in resource.fields)


async def test_a_parent_has_its_children_and_a_child_the_way_to_its_parent(engine: httpx2.AsyncClient) -> None:
    await engine.post("/doctors", json={"id": "d/1", "name": "Ada", "fee": 1, "accepting": True})
    await engine.post("/visits", json=[{"reason": f"cough {n}", "doctorId": "d/1"} for n in range(7)])
    parent = (await engine.get("/-/doctors/d%2F1")).text
    assert 'href="/-/visits?doctorId=d%2F1">visits</a> <small>7</small>' in parent
    assert parent.count("cough") == 5
    assert (await engine.get("/-/visits?doctorId=d%2F1")).text.count('href="/-/doctors/d%2F1"') == 7


async def test_everything_stands_below_the_path(settings: Settings) -> None:
    async with serving(settings, [PETS], base_path="/api") as http:
        await http.post("/api/pets", json=pet(1, id="1"))
        page = await http.get("/api/?age_gte=3", headers=HTML)
        addresses = page.text.split('href="')[1:]
        assert all(one.startswith(("/api/", "#main", "data:")) for one in addresses)
        assert (await http.get("/api/?q=", headers=HTML)).headers["location"] == "/api/"
        assert (await http.get("/api/-/pets/1")).status_code == 200


async def test_what_is_asked_wrongly_is_told_on_the_page(client: httpx2.AsyncClient) -> None:
    many = [("&".join(f"f{n}=1" for n in range(number)), 400) for number in (1001, 70)]
    for query, status in (("age:like=" + "(" * 5000, 200), *many):
        answer = await client.get(f"/-/pets?{query}")
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, "text/html")
    assert "more than 64 filters" in answer.text
    missing = await client.get("/-/pets/%00")
    assert (missing.status_code, "There is no pet with this id." in missing.text) == (404, True)


async def test_no_value_is_markup(client: httpx2.AsyncClient) -> None:
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
    for number in range(12):
        await client.post("/pets", json=pet(number, id=f"{evil}{number}", name=evil, mainFood=evil, **{evil: evil}))
    one = f"/-/pets/{quote(evil + '1', safe='')}"
    for address in (one, "/-/pets", "/-/pets?name=" + evil.replace("&", ""), "/-/pets?" + evil.replace("&", "") + "=1"):
        page = (await client.get(httpx2.URL("http://test" + address))).text
        assert (page.count("<script"), page.count("<img")) == (1, 0)
