"""Resources side by side in one process: each is written, read, filtered, refused and described in its own words."""

import httpx2
import pytest

from app.api.field_rules import example
from app.resource.resource import Resource
from tests.engine.declared import EVERY


@pytest.mark.parametrize("resource", EVERY, ids=lambda resource: resource.path)
async def test_a_record_is_written_read_and_deleted(engine: httpx2.AsyncClient, resource: Resource) -> None:
    body = example(resource)
    created = await engine.post(f"/{resource.path}", json={"id": "1", **body})
    assert (created.status_code, created.json()) == (201, {"id": "1", **body})
    assert (await engine.get(f"/{resource.path}/1")).json() == {"id": "1", **body}
    assert (await engine.get(f"/{resource.path}")).json() == [{"id": "1", **body}]
    required = {name: value for name, value in body.items() if not resource.fields[name].optional}
    replaced = await engine.put(f"/{resource.path}/1", json=required)
    assert (replaced.status_code, replaced.json()) == (200, {"id": "1", **required})
    patched = await engine.patch(f"/{resource.path}/1", json=body)
    assert patched.json() == {"id": "1", **body}
    assert (await engine.delete(f"/{resource.path}/1")).status_code == 200
    assert (await engine.get(f"/{resource.path}/1")).json()["detail"] == f"There is no {resource.noun} with this id."
