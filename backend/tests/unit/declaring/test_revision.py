"""What the revision says agrees with what the engine asks."""

import pytest

from app.declaring.revision import revision_source, texts_of
from app.declaring.tables import Change, table
from app.dialect.search import search
from tests.declared import of, resource


@pytest.mark.parametrize("key", [1, "one"])
def test_the_index_for_searches_is_of_what_a_search_looks_at(key: object) -> None:
    made = resource(of("visits", [{"id": key, "order": "a", "age": 3, "notes": "b", "day": "2024-01-15"}]))
    asked = search(made, "something", "C").sql.replace("visits.", "")
    assert texts_of(made.table).replace(r"E'\x1f'", "'\x1f'") in asked


@pytest.mark.parametrize("record", [{"id": 1, "name": "a", "tags": []}, {"id": 1, "name": "a"}])
def test_every_table_has_one(record: dict[str, object]) -> None:
    assert _revision([record]).count("index_texts(") == 1


def _revision(records: list[dict[str, object]]) -> str:
    return revision_source("0002", "0001", [Change(None, table(of("visits", records)), {})])
