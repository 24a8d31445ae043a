"""No query string, however odd, makes PostgreSQL refuse a statement."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.dialect.collation import DETECT, Collations
from app.dialect.conditions import UnsupportedQuery
from app.dialect.lists import Lists
from app.dialect.query import SPELLINGS, parse
from tests.engine.pets import PETS
from tests.torture import amount

Connection = psycopg.Connection[Any]

_ROWS = """
INSERT INTO pets (id, tag_number, name, age, sex, main_food, last_seen, extra) VALUES
('1', 'P1', 'Zoë', 45, 'Female', 'Asthma', '2024-01-15', '{"ward": "North", "score": 4.5, "deep": {"a": [1, null]}}'),
('2', 'P2', 'Anna', 7, 'Male', 'Flu', '0001-01-01', '{"ward": 5, "score": "x", "deep": true, "big": 1e308}'),
('3', 'P3', 'Ben', 9, 'Other', 'Flu', '9999-12-31', '{}')
"""

fields = st.sampled_from([*PETS.fields, "ward", "score", "deep", "deep.a", "big", "nowhere"]) | st.text(max_size=4)
texts = st.text(max_size=6) | st.sampled_from(
    [
        "",
        "1",
        "-1",
        "1e400",
        "-1e400",
        "1e-400",
        "0x1f",
        "Infinity",
        "NaN",
        "null",
        "true",
        "2024",
        "9" * 40,
        "\0",
        "\x1f",
    ]
)
filters = st.tuples(st.builds(str.__add__, fields, st.sampled_from(["", *SPELLINGS])), texts)
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
operators = st.sampled_from([*(spelling[1:] for spelling in SPELLINGS), "or", "none"])
wheres = st.recursive(
    st.dictionaries(fields, st.dictionaries(operators, values, max_size=2), max_size=2),
    lambda inner: st.dictionaries(st.just("or") | fields, st.lists(inner, max_size=2) | inner, max_size=2),
    max_leaves=4,
)
parameters = st.one_of(
    filters,
    filters,
    st.tuples(st.just("q"), texts),
    st.tuples(
        st.just("_sort"), st.lists(st.builds(str.__add__, st.sampled_from(["", "-"]), fields), max_size=3).map(",".join)
    ),
    st.tuples(st.sampled_from(["_page", "_per_page", "_limit", "_start", "_end"]), texts | st.integers(-5, 5).map(str)),
    st.tuples(st.just("_where"), wheres.map(json.dumps)),
    st.tuples(st.sampled_from(["_embed", "_expand"]), texts | fields),
)


@pytest.fixture(scope="module")
def rows(module_database: str) -> Iterator[tuple[Connection, Collations]]:
    with psycopg.connect(module_database, autocommit=True) as connection:
        connection.execute(_ROWS)
        found = connection.execute(DETECT.sql).fetchone()
        assert found
        yield connection, Collations(*found)


@settings(max_examples=amount(100, 2_000), suppress_health_check=list(HealthCheck))
@given(st.lists(parameters, max_size=5), st.sampled_from(["1", "0.17"]))
def test_any_query_is_answered(rows: tuple[Connection, Collations], pairs: list[tuple[str, str]], dialect: Any) -> None:
    connection, collations = rows
    try:
        statement = Lists(PETS, collations).rows(parse(urlencode(pairs, errors="surrogatepass"), dialect, PETS.fields))
    except UnsupportedQuery:
        return
    found = connection.execute(statement.sql.encode(), statement.params).fetchone()
    assert found
    assert len(json.loads(found[0])) <= 3
