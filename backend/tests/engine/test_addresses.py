"""Collections of any name: in the address they are percent-encoded, by the client and by what the server says."""

from urllib.parse import quote

import pytest

from tests.declared import of, resource
from tests.engine.related import create_tables
from tests.engine.served import served


@pytest.mark.parametrize("path", ["дети", "été-2", "my visits"])
async def test_a_collection_of_any_name_is_at_its_address(bare_database: str, path: str) -> None:
    below, nested = (f"/{quote(name, safe='')}" for name in (path, f"{path}2"))
    both = [resource(of(name, [{"id": 1, "a": 1}])) for name in (path, f"{path}2")]
    for one in both:
        create_tables(bare_database, [one])
    async with served(bare_database, resources=both) as http:
        made = await http.post(below, json=[{"id": 1, "a": 1}, {"id": 2}, {"id": 3}])
        assert made.status_code == 201
        assert (await http.post(below, json={"a": 4})).headers["location"] == f"{below}/4"
        assert (await http.get(f"{below}/1{nested}")).json() == []
        page = await http.get(f"{below}?_page=1&_limit=2")
        assert f"<http://test{below}?_page=2&_limit=2>" in page.headers["link"]
        assert (await http.get("/", headers={"Accept": "application/json"})).json()["resources"][0]["path"] == below
        assert (await http.get("/", headers={"Accept": "text/html"})).status_code == 200
        assert (await http.get("/openapi.json")).status_code == 200
        assert (await http.delete(f"{below}/4")).status_code == 200
