"""Rights on one resource among several, and below a path."""

import httpx2
import pytest
from pydantic import SecretStr

from app.access import keys
from tests.engine.served import served

ROLE = "visits:crus+doctors:rs"

# Method, address -> whether that role lets in.
MAY = {
    ("GET", "/visits"): True,
    ("POST", "/visits"): True,
    ("GET", "/doctors/1"): True,
    ("POST", "/doctors"): False,
    ("GET", "/things"): False,
    ("GET", "/doctors/1/visits"): True,
    ("POST", "/doctors/1/visits"): True,
    ("GET", "/doctors/1/things"): False,
    ("GET", "/doctors?_sort=name"): True,
    ("GET", "/doctors?_embed=things"): False,
    ("GET", "/doctors/1?%5fembed=things"): False,
    ("GET", "/visits?_expand=thing"): False,
    ("GET", "/db"): False,
    ("GET", "/changes"): False,
    ("GET", "/visits/1/history"): False,
    ("POST", "/imports"): False,
}


@pytest.mark.parametrize("base", ["", "/api"])
async def test_a_right_is_on_the_resources_that_it_names(declared_database: str, base: str) -> None:
    key, line = keys.made("anna", ROLE)
    async with served(declared_database, base_path=base, access="keys", api_keys=SecretStr(line)) as http:
        for (method, address), may in MAY.items():
            assert (await http.request(method, base + address)).status_code == 401, address
            answer = await http.request(method, base + address, headers={"Authorization": f"Bearer {key}"})
            assert (answer.status_code != 403) is may, (method, address)
        await _sees(http, base, key)


async def _sees(http: httpx2.AsyncClient, base: str, key: str) -> None:
    """Counts of what it may search, and of nothing else."""
    summary = (await http.get(base or "/", headers={"Authorization": f"Bearer {key}"})).json()
    counts = {one["path"].removeprefix(base): one["count"] for one in summary["resources"]}
    assert counts == {"/things": None, "/visits": 0, "/doctors": 0, "/cases": None, "/sessions": None}
    challenge = (await http.get(f"{base}/things", headers={"Authorization": f"Bearer {key}"})).headers[
        "www-authenticate"
    ]
    assert challenge.endswith('error="insufficient_scope", scope="user/Thing.s"')
