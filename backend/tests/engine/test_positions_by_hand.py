"""What somebody did to the table by hand: positions that the sequence has not given yet, constraints of their own."""

import asyncio
from typing import Any

import httpx2
import psycopg
import pytest

from tests.engine.pets import pet

Table = psycopg.Connection[Any]

BY_HAND = """
    INSERT INTO pets (position, id, tag_number, name, age, sex, main_food, last_seen)
    SELECT n, 'hand' || n, 'H' || n, 'Ada', 36, 'Female', 'none', '2024-01-15' FROM generate_series(%s::int, %s::int) n
"""


@pytest.mark.parametrize(("first", "last"), [(1, 1), (2, 4), (1, 500)], ids=["the next", "some after", "hundreds"])
async def test_a_position_given_by_hand_is_stepped_over(
    client: httpx2.AsyncClient, table: Table, first: int, last: int
) -> None:
    table.execute(BY_HAND, [first, last])
    alone = await client.post("/pets", json=pet(1))
    together = await asyncio.gather(*(client.post("/pets", json=pet(n)) for n in range(2, 22)))
    assert [answer.status_code for answer in [alone, *together]] == [201] * 21
    positions = "SELECT count(DISTINCT position), max(position) = pg_sequence_last_value('pets_position_seq')"
    assert table.execute(f"{positions} FROM pets".encode()).fetchone() == (last - first + 22, True)


async def test_without_the_right_to_lift_the_sequence_the_next_position_is_tried(
    client: httpx2.AsyncClient, table: Table
) -> None:
    table.execute(BY_HAND, [1, 2])
    table.execute("CREATE ROLE clerk; GRANT SELECT, INSERT ON pets TO clerk")
    try:
        table.execute("ALTER ROLE CURRENT_USER SET role = clerk")
        assert [(await client.post("/pets", json=pet(1))).status_code] == [201]
    finally:
        table.execute("ALTER ROLE CURRENT_USER RESET role; DROP OWNED BY clerk; DROP ROLE clerk")


async def test_a_unique_value_that_only_the_database_knows_of_is_a_conflict_without_a_field(
    client: httpx2.AsyncClient, table: Table
) -> None:
    table.execute("CREATE UNIQUE INDEX ours ON pets (lower(name))")
    try:
        first, second = [await client.post("/pets", json=pet(n)) for n in (1, 2)]
    finally:
        table.execute("DROP INDEX ours")
    assert (first.status_code, second.status_code) == (201, 409)
    assert (second.json()["detail"], "errors" in second.json()) == ("A value is already used by another pet.", False)
