"""Any db.json imports to exactly its records; whatever is done to one, every record of it is accounted for."""

import hashlib
import json
from random import Random
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.resource.javascript import BLANKS

from .conftest import Imports, exactly, served

# The fixtures' table is emptied by the test itself.
EXAMPLES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CHARACTERS, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS, max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def texts(most: int) -> st.SearchStrategy[str]:
    return st.text(CHARACTERS, min_size=1, max_size=most).filter(lambda text: text.strip(BLANKS) != "")


DECLARED = {
    "id": st.text(CHARACTERS, min_size=1, max_size=20),
    "patientID": texts(50),
    "name": texts(255),
    "age": st.integers(1, 2**31 - 1),
    "gender": st.sampled_from(["Male", "Female", "Other"]),
    "medicalCondition": texts(20),
    "lastVisit": st.dates().map(str),
}
EXTRA = st.dictionaries(st.text(CHARACTERS, max_size=5).filter(lambda name: name not in DECLARED), VALUES, max_size=2)
PATIENTS = st.builds(lambda declared, extra: declared | extra, st.fixed_dictionaries(DECLARED), EXTRA)
FILES = st.lists(PATIENTS, max_size=6, unique_by=(lambda p: p["id"], lambda p: p["patientID"]))
FORMS = st.fixed_dictionaries({"indent": st.sampled_from([None, 0, 2]), "ensure_ascii": st.booleans()})


@given(FILES, FORMS, st.randoms(use_true_random=False))
@settings(EXAMPLES, max_examples=40)
def test_any_db_json_comes_back_as_its_records(
    imports: Imports,
    table: psycopg.Connection[Any],
    patients: list[dict[str, Any]],
    form: dict[str, Any],
    random: Random,
) -> None:
    table.execute("DELETE FROM patients")
    shuffled = [dict(random.sample(list(patient.items()), len(patient))) for patient in patients]
    content = json.dumps({"patients": shuffled}, **form)
    assert imports(content).totals == ({"migrated": len(patients)} if patients else {})
    assert served(table) == exactly(content)["patients"]
    assert imports(content).totals == ({"unchanged": len(patients)} if patients else {})


SEED = json.dumps(
    {
        "doctors": [{"id": 1}],
        "patients": [
            {
                "id": str(number),
                "patientID": f"P{number}",
                "name": "Zoë",
                "age": 45,
                "gender": "Other",
                "medicalCondition": 'x "y"',
                "lastVisit": "2024-01-15",
            }
            | ({"more": [1.5, None]} if number % 2 else {})
            for number in range(4)
        ],
    },
    ensure_ascii=False,
    indent=1,
).encode()
BITS = st.sampled_from(
    [*(bytes([byte]) for byte in b'{}[]",:\\ 0-.eEntf\n\0'), b"", b"\xff", b"NaN", b'"id"', b"1e999"]
)
CHANGES = st.lists(st.tuples(st.integers(0, len(SEED)), st.integers(0, 12), BITS), min_size=1, max_size=3)


def changed(changes: list[tuple[int, int, bytes]]) -> bytes:
    content = SEED
    for at, length, instead in changes:
        content = content[:at] + instead + content[at + length :]
    return content


@given(CHANGES.map(changed) | st.integers(0, len(SEED)).map(lambda length: SEED[:length]))
@settings(EXAMPLES, max_examples=150)
def test_any_mutation_is_accounted_for(imports: Imports, table: psycopg.Connection[Any], content: bytes) -> None:
    table.execute("DELETE FROM patients")
    outcome = imports(content)
    document = as_python_reads(content)
    assert (outcome.report["status"] == "unreadable") == (document is None)
    if document is not None:
        assert len(document) == outcome.report["totals"]["records"]
        out = {entry["index"] for entry in outcome.report["records"]}
        expected = [as_served(record) for index, record in enumerate(document) if index not in out]
        assert served(table) == expected


class Pairs(list[tuple[str, Any]]):
    """An object's members as they stand."""


def as_python_reads(content: bytes) -> list[Any] | None:
    """The records by an independent reading that is kinder than ours within a record; None if there are none."""
    try:
        document = json.loads(content.decode(), strict=False, object_pairs_hook=Pairs)
    except ValueError:
        return None
    found = [value for name, value in document if name == "patients"] if isinstance(document, Pairs) else []
    return found[0] if len(found) == 1 and type(found[0]) is list else None


def as_served(record: Any) -> Any:
    """An accepted record as the API gives it back."""
    if not isinstance(record, Pairs):
        return [as_served(item) for item in record] if isinstance(record, list) else record
    values = {name: as_served(value) for name, value in record}
    assert len(values) == len(record)
    if "patientID" in values and values.get("id") is None:
        values["id"] = hashlib.sha256(values["patientID"].encode()).hexdigest()[:16]
    return values | ({"id": str(int(values["id"]))} if isinstance(values.get("id"), int | float) else {})
