"""The lines of `resources.py`, whoever has written in it."""

import re

import pytest

from app.declaring.collections import Refused, parted
from app.declaring.sources import resources_source
from tests.declared import of

VISITS = 'Resource("visits", "visit", VISIT_TABLE, VisitReplace, ids=NUMBERS)'
FILES = {
    "RESOURCES = ()": f"RESOURCES = ({VISITS},)",
    "RESOURCES = (BEDS,)": f"RESOURCES = (BEDS, {VISITS},)",
    "RESOURCES: Resources = (BEDS, WARDS)": f"RESOURCES: Resources = (BEDS, WARDS, {VISITS})",
    "RESOURCES = (\n    BEDS,  # first\n)": f"RESOURCES = (\n    BEDS, {VISITS},  # first\n)",
    'RESOURCES = (Resource("visits", "visit", T, B, ids=TEXT),)': f"RESOURCES = ({VISITS},)",
    'V = Resource(\n    "visits", "visit", T, B\n)\nRESOURCES = (V,)': f"V = {VISITS}\nRESOURCES = (V,)",
}


@pytest.mark.parametrize("text", FILES)
def test_a_line_is_added_or_takes_the_place_of_the_one_that_was_there(text: str) -> None:
    written = resources_source(f"from app.x import y\n\n{text}\n", [of("visits", [{"id": 1}])])
    assert written.endswith(f"from app.x import y\n\n{FILES[text]}\n")
    assert "from app.models.visit import TABLE as VISIT_TABLE\n" in written
    assert "from app.schemas.visit import VisitReplace\n" in written


def test_where_there_is_no_tuple_nothing_is_written() -> None:
    with pytest.raises(Refused, match="no tuple RESOURCES"):
        resources_source("from app.x import RESOURCES\n", [of("visits", [{"id": 1}])])


def test_each_table_has_a_name_of_its_own() -> None:
    lists: dict[str, list[dict[str, int]]] = {
        path: [{"id": 1}] for path in ("дети", "имена", "person", "Person", "a-b", "a_b")
    }
    found, _ = parted(lists, {})
    before = "from app.models.patient import TABLE\n\nRESOURCES = (PATIENTS,)\n"
    tables = re.findall(r"import TABLE(?: as (\w+))?\n", resources_source(before, found))
    assert len({*tables}) == len(tables) == len(lists) + 1
