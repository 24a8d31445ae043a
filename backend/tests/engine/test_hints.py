"""What of a query means nothing is told in a header: names and never values, and the list is as it was."""

import logging

import httpx2
import pytest

HINTS = {
    "nmae=Zo%C3%AB": "nmae is no field; did you mean name?",
    "nmae_gte=5&_limit=1": "nmae_gte is no field; did you mean name_gte?",
    "_pgae=2": "_pgae is no field; did you mean _page?",
    "name:Contains=x": "name:Contains is no field; did you mean name:contains?",
    "utm%0d%0aSet-Cookie=x": "utm%0D%0ASet-Cookie is no field.",
    "%ff%00=1&%f0%9f%98%80=1": "%F0%9F%98%80 is no field.",
    "zzz=1&yyy=1&xxx=1&www=1": "zzz is no field. yyy is no field. xxx is no field.",
    "_sort=nmae": "_sort: nmae is no field; did you mean name?",
    "_sort=fee,-Nmae&_order=desc": "_sort: Nmae is no field; did you mean name?",
    "NAME=x&_sort=Name": "NAME is no field; did you mean name? _sort: Name is no field; did you mean name?",
    "_sort=name:desc": "_sort: name:desc is no field; did you mean name?",
    "_sort=-score": "_sort: score is no field; did you mean _score?",
    "nmae=x&_sort=nmae": "nmae is no field; did you mean name? _sort: nmae is no field; did you mean name?",
    "_sort=zz%0d%0aSet-Cookie": "_sort: zz%0D%0ASet-Cookie is no field.",
    "_where={": "_where is no JSON at character 2, and is ignored.",
    "_where={name:{eq:%22Zo%C3%AB%22}}": "_where is no JSON at character 2, and is ignored.",
    '_where={"name":NaN}': "_where is no JSON, and is ignored.",
    "_where=%5b%5d": "_where is no JSON object, and is ignored.",
    "_where=Zo%C3%AB&nmae=1": "_where is no JSON at character 1, and is ignored. nmae is no field; did you mean name?",
    '_where={"or":[{"nmae":{"ne":"a"}},{"name":{"ne":"a"}}]}': "_where: nmae is no field; did you mean name?",
    '_where={"nmae":{"ne":"a"}}&_sort=fe': (
        "_where: nmae is no field; did you mean name? _sort: fe is no field; did you mean fee?"
    ),
}
SILENT = (
    "",
    "name=Zo%C3%AB",
    "name_like=x&_=1&_page=1&q=z&name:gte=5",
    "q:similar=zoe",
    "ward=B",
    "ward.floor=1",
    "&=",
    "w" * 65 + "=1",
    "_sort=-name,ward,ward.floor,id,_score",
    "_sort=",
    "_sort=,-&_order=up",
    "_sort=" + "w" * 65,
    "_sort=%ff,%00",
    "_where=",
    "_where=%20{}%20",
    '_where={"ward":{"floor":{"eq":1}},"or":[{"name":{"eq":"x"}}]}',
    "_where={}&_where={",
)


@pytest.mark.parametrize("query", HINTS)
async def test_what_was_meant_is_told(engine: httpx2.AsyncClient, query: str) -> None:
    await engine.post("/doctors", json=DOCTOR)
    answer = await engine.get(f"/doctors?{query}", headers={"Origin": "http://a.example"})
    assert answer.headers["x-hint"] == HINTS[query]
    assert "X-Hint" in answer.headers["access-control-expose-headers"]
    assert answer.json() == (await engine.get(f"/doctors?{SAME.get(query, '')}")).json()


async def test_the_page_shows_it(engine: httpx2.AsyncClient) -> None:
    answer = await engine.get("/-/doctors?_sort=nmae", headers={"Accept": "text/html"})
    assert "_sort: nmae is no field; did you mean name?" in answer.text


DOCTOR = {"name": "Zoë", "fee": 1, "accepting": True, "ward": "B"}
SAME = {"nmae_gte=5&_limit=1": "_limit=1", '_where={"nmae":{"ne":"a"}}&_sort=fe': "id=none"}


@pytest.mark.parametrize("query", SILENT)
async def test_what_means_something_is_not_told(engine: httpx2.AsyncClient, query: str) -> None:
    await engine.post("/doctors", json=DOCTOR | {"ward": {"floor": 1}})
    answer = await engine.get(f"/doctors?{query}")
    assert (answer.status_code, answer.headers.get("x-hint")) == (200, None)


async def test_it_stands_in_the_log_of_development(
    engine: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "app.requests"):
        await engine.get("/doctors?nmae=x")
    assert "nmae=x (nmae is no field; did you mean name?)" in caplog.text
