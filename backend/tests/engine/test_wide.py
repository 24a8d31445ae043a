"""Records of very many fields: PostgreSQL bounds the arguments of one call, and nobody's frontend does."""

from typing import Any

from tests.declared import of, resource
from tests.engine.related import create_tables
from tests.engine.served import served

WIDE: dict[str, Any] = {"id": 1} | {f"list{n}": [n] for n in range(120)} | {f"number{n}": n for n in range(120)}


async def test_a_record_of_many_fields_is_kept_and_answered(bare_database: str) -> None:
    widgets = resource(of("widgets", [WIDE]))
    create_tables(bare_database, [widgets])
    async with served(bare_database, resources=[widgets]) as http:
        assert (await http.post("/widgets", json=WIDE)).status_code == 201
        assert (await http.get("/widgets/1")).json() == WIDE
        assert (await http.patch("/widgets/1", json={"list119": None, "more": 1})).json() == WIDE | {
            "list119": None,
            "more": 1,
        }
        for query in ("list119=119", "q=nothing", "_sort=list3,number7", "_page=1&_per_page=1"):
            assert (await http.get(f"/widgets?{query}")).status_code == 200
