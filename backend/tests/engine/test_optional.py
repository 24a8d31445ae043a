"""Optional fields of every kind: absent stays absent, null stays null, whoever writes and however many at once."""

import asyncio
from typing import Any

import httpx2
import pytest

from app.api.field_rules import example
from tests.engine.declared import THINGS

WHOLE = example(THINGS)
REQUIRED = {name: value for name, value in WHOLE.items() if not THINGS.fields[name].optional}
OPTIONAL = {name: value for name, value in WHOLE.items() if THINGS.fields[name].optional}
NULLS = dict.fromkeys(OPTIONAL)


async def put_in(engine: httpx2.AsyncClient, key: str, body: dict[str, Any]) -> None:
    assert (await engine.post("/things", json={"id": key, **body})).status_code == 201


async def stored(engine: httpx2.AsyncClient, key: str = "1") -> dict[str, Any]:
    found = await engine.get(f"/things/{key}")
    assert (await engine.get(f"/things?id={key}")).json() == [found.json()]
    return dict(found.json())


@pytest.mark.parametrize("optional", [{}, NULLS, OPTIONAL], ids=["absent", "null", "given"])
async def test_post_keeps_what_is_absent_null_and_given(engine: httpx2.AsyncClient, optional: dict[str, Any]) -> None:
    await put_in(engine, "1", REQUIRED | optional)
    assert await stored(engine) == {"id": "1", **REQUIRED, **optional}


@pytest.mark.parametrize("before", [{}, NULLS, OPTIONAL], ids=["absent", "null", "given"])
@pytest.mark.parametrize("after", [{}, NULLS, OPTIONAL], ids=["absent", "null", "given"])
async def test_put_and_patch_set_and_unset(
    engine: httpx2.AsyncClient, before: dict[str, Any], after: dict[str, Any]
) -> None:
    await put_in(engine, "1", REQUIRED | before)
    await put_in(engine, "2", REQUIRED | before)
    replaced = await engine.put("/things/1", json=REQUIRED | after)
    assert replaced.json() == await stored(engine) == {"id": "1", **REQUIRED, **after}
    patched = await engine.patch("/things/2", json=after)
    assert patched.json() == await stored(engine, "2") == {"id": "2", **REQUIRED, **before, **after}


async def test_patches_that_share_a_round_trip_set_and_unset_too(engine: httpx2.AsyncClient) -> None:
    keys = [str(number) for number in range(20)]
    for key in keys:
        await put_in(engine, key, REQUIRED | NULLS)
    names = list(OPTIONAL)
    changes = [{name: OPTIONAL[name], "ward": key} for key, name in zip(keys, names * 4, strict=False)]
    answers = await asyncio.gather(*(engine.patch(f"/things/{k}", json=c) for k, c in zip(keys, changes, strict=True)))
    expected = [{"id": key, **REQUIRED, **NULLS, **change} for key, change in zip(keys, changes, strict=True)]
    assert [answer.json() for answer in answers] == [await stored(engine, key) for key in keys] == expected
    await asyncio.gather(*(engine.patch(f"/things/{key}", json=NULLS) for key in keys))
    assert await stored(engine, "7") == {"id": "7", **REQUIRED, **NULLS, "ward": "7"}


async def test_the_required_value_of_any_json_may_be_null(engine: httpx2.AsyncClient) -> None:
    await put_in(engine, "1", WHOLE | {"any": None})
    assert (await stored(engine))["any"] is None
    assert (await engine.patch("/things/1", json={"any": {"deep": [None]}})).json()["any"] == {"deep": [None]}
    assert (await engine.patch("/things/1", json={"any": None, "pieces": 4})).json() == await stored(engine)
    assert (await engine.put("/things/1", json=WHOLE | {"any": None})).json() == {"id": "1", **WHOLE, "any": None}
    assert [one["id"] for one in (await engine.get("/things?any=null")).json()] == ["1"]


@pytest.mark.parametrize("name", [name for name in REQUIRED if name != "any"])
async def test_null_is_no_value_of_another_required_field(engine: httpx2.AsyncClient, name: str) -> None:
    refused = await engine.post("/things", json=WHOLE | {name: None})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, [name])
