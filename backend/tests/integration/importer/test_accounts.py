"""What a run leaves behind: rows, list order, places of faults, the rejects file; and what a second run makes of it."""

import json
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from .conftest import Imports, db, record, served

Table = psycopg.Connection[Any]
A, B, C = record(1), record(2), record(3)
_NEXT = """INSERT INTO patients (id, patient_id, name, age, gender, medical_condition, last_visit)
    VALUES ('later', 'later', 'x', 1, 'Other', 'x', '2024-01-01') RETURNING position"""


def sequence_was_used(table: Table) -> bool:
    return bool(table.execute("SELECT is_called FROM patients_position_seq").fetchall()[0][0])


def test_records_come_back_exactly_and_in_file_order(imports: Imports, table: Table) -> None:
    records = [
        record(9, name="  \u00a0李 'O\\N\t\"\n", medicalCondition="\\."),
        record(1, id="a/b c?", lastVisit="2024-02-29", allergies=[{"to": "nuts", "since": 2020.5}], note=None),
        record(5, id="3e3a", more={"é": [1, True, {}, []], "": "\u2028"}, patient_id="mine", position=7),
    ]
    imports(db(*records))
    assert served(table) == records


def test_an_import_is_on_record_as_one(imports: Imports, table: Table) -> None:
    imports(db(A, B))
    imports(db(A, record(2, age=99), C), replace=True)
    found = table.execute("SELECT op, id, who FROM changes ORDER BY seq").fetchall()
    assert {(op, key) for op, key, _ in found} >= {("I", A["id"]), ("D", B["id"]), ("I", B["id"]), ("I", C["id"])}
    assert {who for *_, who in found} == {"import"}


def test_ids_become_text_and_missing_ones_are_the_same_on_every_run(imports: Imports, table: Table) -> None:
    content = db(record(1, id=7), record(2, id=...), record(3, id=None))
    imports(content)
    ids = [patient["id"] for patient in served(table)]
    assert ids[0] == "7"
    assert all(len(made) == 16 and int(made, 16) for made in ids[1:])
    table.execute("TRUNCATE patients")
    imports(content)
    assert [patient["id"] for patient in served(table)] == ids


def test_each_fault_names_its_place(imports: Imports) -> None:
    marked = """{
  "patients": [
    {"id": "1", "patientID": "P1", "name": "Zoë", "age": 1, "gender": "Other", "medicalCondition": "x",
     "lastVisit": "2024-01-01"},
    ▲{"id": "▲1", "patientID": "P2", "name": "Zoë 😀", "age": 1, "gender": "Other", "medicalCondition": "x",
     "lastVisit": "2024-01-01"},
    ▲{"id": "x", "more": "\\u0001",
     "patientID": ▲"", "name": ▲" ", "age" : ▲"4e1", "lastVisit":
     ▲null}, ▲7
  ]
}"""
    marked = marked.replace('"▲1"', '▲"1"')
    report = imports(marked.replace("▲", "")).report
    told = {(fault["line"], fault["column"]) for entry in report["records"] for fault in [entry, *entry["errors"]]}
    places = [marked[:at].replace("▲", "") for at, character in enumerate(marked) if character == "▲"]
    assert told == {(text.count("\n") + 1, len(text) - text.rfind("\n")) for text in places}


def test_a_fault_in_a_text_has_one_place(imports: Imports) -> None:
    (entry,) = imports('{"patients":[{"id":"1",\n"name":"a\tb"}]}').report["records"]
    (fault,) = [error for error in entry["errors"] if error["field"] == "name"]
    assert (fault["line"], fault["column"]) == (2, 8)
    assert fault["message"] == "name cannot be kept: the text is not JSON: Invalid control character"


def test_a_number_that_is_rounded_is_said_and_served_as_json_server_does(imports: Imports, table: Table) -> None:
    text = json.dumps(record(more=...))[:-1] + ', "more": 0.1234567890123456789012}'
    (warning,) = imports('{"patients": [' + text + "]}").report["warnings"]
    assert warning["errors"][0]["value"] == json.loads(text)["more"]
    assert served(table)[0]["more"] == Decimal("0.12345678901234568")


def test_a_name_is_cut_short_where_people_read_it_and_whole_where_programs_do(imports: Imports) -> None:
    name = "n" * 1000
    (entry,) = imports(db(record(1, **{name: "\0"}))).report["records"]
    (fault,) = entry["errors"]
    assert (fault["field"], fault["pointer"]) == (name, f"/patients/0/{name}")
    assert fault["message"] == "n" * 100 + "… must not contain the character NUL (U+0000)"


def test_an_entry_tells_all_of_a_record(imports: Imports) -> None:
    (entry,) = imports(db(A, record(2, **{"name": "x" * 300, "a/b~c": "\0"}))).report["records"]
    assert entry == {
        "index": 1,
        "pointer": "/patients/1",
        "line": 12,
        "column": 5,
        "verdict": "rejected",
        "id": "2",
        "patientID": "P002",
        "errors": [
            {
                "field": "name",
                "pointer": "/patients/1/name",
                "line": 15,
                "column": 15,
                "code": "string_too_long",
                "message": "name must have at most 255 characters",
                "value": "x" * 100,
            },
            {
                "field": "a/b~c",
                "pointer": "/patients/1/a~1b~0c",
                "line": 20,
                "column": 16,
                "code": "character",
                "message": "a/b~c must not contain the character NUL (U+0000)",
                "value": "\0",
            },
        ],
    }


def test_the_other_collections_are_named_with_their_counts(imports: Imports) -> None:
    content: dict[str, Any] = {
        "$schema": "x",
        "doctors": [{}, {}, {}],
        "patients": [],
        "tags": [{}, 1],
        "profile": {"name": "x", "y": []},
        "v": None,
    }
    report = imports(json.dumps(content)).report
    assert report["collections"] == [
        {
            "name": "doctors",
            "type": "list",
            "records": 3,
            "verdict": "not migrated",
            "reason": "this server does not declare it",
        },
        {
            "name": "tags",
            "type": "list of values",
            "records": 2,
            "verdict": "not migrated",
            "reason": "it is no list of records",
        },
        {
            "name": "profile",
            "type": "object",
            "records": 1,
            "verdict": "not migrated",
            "reason": "it is no list of records",
        },
        {"name": "v", "type": "value", "records": 1, "verdict": "not migrated", "reason": "it is no list of records"},
    ]
    assert (report["status"], report["exit_code"]) == ("complete", 0)


def test_a_second_run_finds_everything_there_and_says_the_same_of_the_rest(imports: Imports, table: Table) -> None:
    content = db(
        A, record(2, id=7, more={"x": 1e2}), record(4, id="1"), record(5, age=0), record(6, patientID="P001"), C
    )
    first, second = imports(content), imports(content)
    assert first.totals == {"migrated": 3, "rejected": 1, "duplicate": 2}
    assert second.totals == {"unchanged": 3, "rejected": 1, "duplicate": 2}
    assert second.report["records"] == first.report["records"]
    assert second.report["warnings"] == first.report["warnings"]
    assert len(served(table)) == 3


def test_nothing_in_the_table_is_overwritten(imports: Imports, table: Table) -> None:
    imports(db(A, B, C))
    outcome = imports(db(record(1, name="Other"), record(9, patientID="P002"), C, record(4, id="3"), record(5)))
    assert outcome.told() == ["conflict id:conflict patientID:conflict", "conflict patientID:conflict", "in",
                              "duplicate id:duplicate", "in"]  # fmt: skip
    assert outcome.totals == {"migrated": 1, "unchanged": 1, "duplicate": 1, "conflict": 2}
    assert served(table) == [A, B, C, record(5)]


def test_a_conflict_stays_one_when_a_later_record_is_what_the_table_has(imports: Imports) -> None:
    imports(db(A))
    assert imports(db(record(1, name="Other"), A)).told() == ["conflict id:conflict patientID:conflict", "in"]


def test_new_patients_come_after_the_imported_ones(imports: Imports, table: Table) -> None:
    imports(db(A, record(2, age=0), C))
    imports(db(record(4), A))
    table.execute(_NEXT)
    assert [patient["id"] for patient in served(table)] == ["1", "3", "4", "later"]


def test_imported_ones_come_after_all_that_was_there_and_no_position_returns(imports: Imports, table: Table) -> None:
    ((position,),) = table.execute(_NEXT).fetchall()
    table.execute("DELETE FROM patients")
    imports(db(A))
    assert table.execute("SELECT position > %s FROM patients", [position]).fetchall() == [(True,)]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (db(A, B), {"dry_run": True}),
        (db(A, record(2, age=0)), {"all_or_nothing": True}),
        (db(record(2, age=0)), {}),
        (db(A) + "x", {}),
        (db(), {}),
    ],
)
def test_a_run_that_writes_nothing_leaves_no_trace(
    imports: Imports, table: Table, content: str, options: dict[str, bool]
) -> None:
    assert imports(content, **options).written == 0
    assert not sequence_was_used(table)


def test_a_run_that_writes_is_seen_in_the_sequence(imports: Imports, table: Table) -> None:
    imports(db(A))
    assert sequence_was_used(table)


def test_all_or_nothing_writes_all_when_all_are_good(imports: Imports) -> None:
    imports(db(A))
    assert imports(db(A, B, C), all_or_nothing=True).totals == {"migrated": 2, "unchanged": 1}


@pytest.mark.parametrize("bad", [record(9, age=0), record(9, id="2"), record(1, name="Other")])
def test_all_or_nothing_writes_nothing_when_one_is_not(imports: Imports, table: Table, bad: dict[str, Any]) -> None:
    imports(db(A))
    outcome = imports(db(A, B, bad, record(4, id=...)), all_or_nothing=True)
    assert served(table) == [A]
    assert outcome.report["held_back"] == 2
    assert outcome.report["totals"]["unchanged"] == 1
    told = outcome.told()
    assert (told[0], told[1], told[3]) == ("in", "rejected None:held_back", "rejected None:held_back")
    assert not told[2].startswith("in")


def test_the_rejects_are_the_records_as_they_stood_and_go_in_once_mended(imports: Imports, table: Table) -> None:
    odd = '{"id" :\t"1","patientID":"P1",  "name":"Zo\\u00eb", "age": NaN,\n"gender":"Other","medicalCondition":"x","lastVisit":"2024-01-01"}'  # noqa: E501
    rejects = imports('{"patients": [null, ' + odd + "," + json.dumps(A) + "," + json.dumps(A) + "]}").rejects
    assert rejects == '{\n  "patients": [\n    null,\n    ' + odd + "\n  ]\n}\n"
    table.execute("TRUNCATE patients")
    assert imports(rejects.replace("NaN", "45")).totals == {"migrated": 1, "rejected": 1}


def test_a_file_without_rejects_has_an_empty_rejects_file(imports: Imports) -> None:
    assert json.loads(imports(db(A)).rejects) == {"patients": []}


def test_another_spelling_of_the_same_values_is_unchanged(imports: Imports) -> None:
    imports(db(record(1, more=[1e2, 0.00001, -0.0, 12345678901234567890, 1.5e300, {"b": 1, "a": "\u00e9\u007f"}])))
    text = json.dumps(record(1)).replace(
        "45", r'45.0, "more": [100, 1E-5, 0, 12345678901234567890, 150e298, {"a": "\u00e9\u007F", "b": 1.00}]'
    )
    assert imports('{"patients": [' + text + "]}").totals == {"unchanged": 1}
