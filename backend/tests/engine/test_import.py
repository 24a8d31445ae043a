"""Import and export of several resources, of every kind of field and with ids that are numbers, in one transaction."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.exporter import export
from app.importer.files import output
from app.importer.frame import around
from app.importer.run import Options, Step, import_file
from tests.engine.declared import EVERY, SESSIONS, THINGS
from tests.engine.served import served
from tests.triggers import trigger

Table = psycopg.Connection[Any]
Imports = Callable[..., dict[str, Any]]

THING: dict[str, Any] = {
    "id": "a",
    "word": "red \\N \t",
    "pieces": -3,
    "weight": 1.5,
    "done": True,
    "day": "0001-02-28",
    "any": {"a": [1, "two", None]},
}
FULL: dict[str, Any] = {
    "id": "b",
    "word": "",
    "maybeWord": "null",
    "pieces": 0,
    "maybePieces": 2**53 - 1,
    "weight": 0.1,
    "maybeWeight": 1e20,
    "done": False,
    "maybeDone": False,
    "day": "2024-02-29",
    "maybeDay": "9999-12-31",
    "any": None,
    "maybeAny": [[]],
}
OPTIONAL = [name for name, field in THINGS.fields.items() if field.optional]
NULLS = THING | {"id": "c"} | dict.fromkeys(OPTIONAL)
DOCTOR = {"id": "1", "name": "Dr. Ìfẹ́ Òjó", "fee": 120.5, "accepting": True}
NEIGHBOURS = {
    "$schema": "x",
    "visits": [{"id": 7, "reason": "a cough", "ticket": "T1"}, {"id": 3, "reason": "it hurts"}],
    "profile": {"name": "x"},
    "things": [THING, FULL],
    "doctors": [DOCTOR],
    "words": ["a", "b"],
}
NEXT = {"reason": "the next"}


def text(content: Any) -> str:
    """As json-server writes it."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


@pytest.fixture
def imports(database_url: str, tmp_path: Path) -> Imports:
    """Import a content, and what the report says."""

    def run(content: Any, **options: Any) -> dict[str, Any]:
        source, report, rejects = (tmp_path / name for name in ("before.json", "report.json", "rejects.json"))
        source.write_text(content if isinstance(content, str) else text(content))
        import_file(source, database_url, EVERY, Options(report=report, rejects=rejects, **options))
        told: dict[str, Any] = json.loads(report.read_text())
        return told

    return run


def verdicts(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Of each collection, those that came up."""
    return {one["name"]: came_up(one["totals"]) for one in report["resources"]}


def came_up(totals: dict[str, int]) -> dict[str, int]:
    return {verdict: number for verdict, number in totals.items() if number and verdict != "records"}


def exported(dsn: str, file: Path) -> dict[str, int]:
    paths = [resource.path for resource in EVERY]
    with output(file) as place:
        with place.anew() as written, around(file, paths) as frame:
            counts = export(dsn, written, EVERY, frame)
        place.show()
    return counts


def test_all_of_a_file_goes_in_and_comes_back_byte_for_byte(
    imports: Imports, database_url: str, tmp_path: Path
) -> None:
    first, second = imports(NEIGHBOURS), imports(NEIGHBOURS)
    assert verdicts(first) == {"visits": {"migrated": 2}, "things": {"migrated": 2}, "doctors": {"migrated": 1}}
    assert (first["status"], first["totals"]["migrated"], first["verify"]) == (
        "complete",
        5,
        {"records": 5, "differ": 0},
    )
    assert [(one["name"], one["reason"]) for one in first["collections"]] == [
        ("profile", "it is no list of records"),
        ("words", "it is no list of records"),
    ]
    assert verdicts(second) == {"visits": {"unchanged": 2}, "things": {"unchanged": 2}, "doctors": {"unchanged": 1}}
    lists = {name: [] if isinstance(value, list) else value for name, value in NEIGHBOURS.items()}
    file = tmp_path / "after.json"
    file.write_text(text(lists | {"words": ["a", "b"]}))
    assert exported(database_url, file) == {"visits": 2, "things": 2, "doctors": 1, "cases": 0, "sessions": 0}
    assert file.read_text() == text(NEIGHBOURS | {"cases": [], "sessions": []})
    assert exported(database_url, fresh := tmp_path / "fresh.json")
    assert list(json.loads(fresh.read_text())) == [resource.path for resource in EVERY]


async def test_what_was_absent_stays_absent_and_null_stays_null(
    imports: Imports, database_url: str, tmp_path: Path
) -> None:
    records = [THING, NULLS, NULLS | {"id": "d", "any": None, "more": None}, THING | {"id": "e", "maybeAny": 0}]
    for verdict in ("migrated", "unchanged"):
        assert verdicts(imports({"things": records})) == {"things": {verdict: 4}}
    async with served(database_url) as http:
        assert (await http.get("/things")).json() == records
    exported(database_url, file := tmp_path / "after.json")
    assert json.loads(file.read_text())["things"] == records
    assert imports(file.read_text())["totals"]["unchanged"] == 4


async def test_what_a_form_sends_becomes_what_it_is_with_a_warning(imports: Imports, database_url: str) -> None:
    sent = {"pieces": "45", "weight": "-0.5", "done": "true", "maybeWord": "45", "maybeDone": "false"}
    report = imports({"things": [THING | sent], "visits": [{"id": "12", "reason": "x"}]})
    warned = [(error["field"], error["code"]) for entry in report["warnings"] for error in entry["errors"]]
    assert warned == [("pieces", "text"), ("weight", "text"), ("done", "truth"), ("maybeDone", "truth"), ("id", "text")]
    async with served(database_url) as http:
        kept = {"pieces": 45, "weight": -0.5, "done": True, "maybeWord": "45", "maybeDone": False}
        assert (await http.get("/things/a")).json() == THING | kept
        assert (await http.get("/visits")).json() == [{"id": 12, "reason": "x"}]


def test_each_record_has_its_verdict_in_its_collection(imports: Imports, tmp_path: Path) -> None:
    imports(NEIGHBOURS)
    content: dict[str, list[Any]] = {
        "things": [
            THING,
            FULL | {"word": "other"},
            FULL | {"id": "n"},
            FULL | {"id": "n"},
            THING | {"id": "r", "day": 1},
        ],
        "visits": [
            {"id": 7, "reason": "a cough", "ticket": "T1"},
            {"id": 8, "reason": "x", "ticket": "T1"},
            {"id": 9, "reason": "x", "ticket": "T9"},
            {"id": 10, "reason": "x", "ticket": "T9"},
            {"id": 11, "reason": 1},
            7,
        ],
    }
    report = imports(content)
    told = [
        (entry["pointer"], *((error["field"], error["code"]) for error in entry["errors"]))
        for entry in report["records"]
    ]
    assert told == [
        ("/things/1", ("id", "conflict")),
        ("/things/3", ("id", "duplicate")),
        ("/things/4", ("day", "date")),
        ("/visits/1", ("ticket", "duplicate")),  # of /visits/0, which the table has
        ("/visits/3", ("ticket", "duplicate")),
        ("/visits/4", ("reason", "string_type")),
        ("/visits/5", (None, "object")),
    ]
    assert verdicts(report) == {
        "things": {"migrated": 1, "unchanged": 1, "rejected": 1, "duplicate": 1, "conflict": 1},
        "visits": {"migrated": 1, "unchanged": 1, "rejected": 2, "duplicate": 2},
    }
    assert json.loads((tmp_path / "rejects.json").read_text()) == {
        "things": content["things"][4:],
        "visits": content["visits"][4:],
    }
    lines = text(content).split("\n")
    for error in (error for entry in report["records"] for error in entry["errors"] if "value" in error):
        assert lines[error["line"] - 1][error["column"] - 1 :].startswith(json.dumps(error["value"]))


def test_one_bad_record_holds_all_collections_back(imports: Imports, table: Table) -> None:
    content = {"things": [THING, THING | {"id": "z", "word": 1}], "visits": [{"reason": "x"}]}
    report = imports(content, all_or_nothing=True)
    assert verdicts(report) == {"things": {"rejected": 2}, "visits": {"rejected": 1}}
    assert report["held_back"] == 2
    assert [entry["pointer"] for entry in report["records"]] == ["/things/0", "/things/1", "/visits/0"]
    assert table.execute("SELECT count(*) FROM things").fetchone() == (0,)
    assert table.execute("SELECT is_called FROM visits_id_seq").fetchone() == (False,)


def test_a_replacement_makes_the_tables_of_the_file_what_it_says_and_no_other(imports: Imports, table: Table) -> None:
    imports(NEIGHBOURS)
    content = {"visits": [{"id": 9, "reason": "new"}, {"id": 3, "reason": "it hurts"}], "things": []}
    for options in ({"dry_run": True}, {}):
        report = imports(content, replace=True, **options)
        assert [(one["name"], one["went"]) for one in report["resources"]] == [
            ("visits", {"removed": 1, "changed": 0}),
            ("things", {"removed": 2, "changed": 0}),
        ]
        assert report["went"] == {"removed": 3, "changed": 0}
    assert table.execute("SELECT id FROM visits ORDER BY position").fetchall() == [(9,), (3,)]
    counts = "SELECT (SELECT count(*) FROM things), (SELECT count(*) FROM doctors)"
    assert table.execute(counts).fetchone() == (0, 1)


@pytest.mark.parametrize("replace", [False, True])
async def test_counting_goes_on_above_the_highest_that_ever_was(
    imports: Imports, database_url: str, replace: bool
) -> None:
    imports({"visits": [{"id": 40, "reason": "x"}, {"id": 7, "reason": "x"}]})
    imports({"visits": [{"id": -3, "reason": "x"}, {"id": 9, "reason": "x"}]}, replace=replace)
    async with served(database_url) as http:
        assert (await http.post("/visits", json=NEXT)).json()["id"] == 41


async def test_records_without_a_number_get_the_next_ones_and_are_known_again(
    imports: Imports, database_url: str
) -> None:
    content = {"visits": [{"reason": "a"}, {"id": 5, "reason": "b"}, {"id": None, "reason": "a"}, {"reason": "c"}]}
    for verdict in ("migrated", "unchanged"):
        report = imports(content)
        assert verdicts(report) == {"visits": {verdict: 4}}
        assert [entry["index"] for entry in report["warnings"]] == [0, 2, 3]
    async with served(database_url) as http:
        assert [one["id"] for one in (await http.get("/visits")).json()] == [6, 5, 7, 8]
    assert verdicts(imports({"visits": [{"reason": "c"}, {"reason": "c"}]})) == {
        "visits": {"migrated": 1, "unchanged": 1}
    }


async def test_a_number_is_kept_though_it_is_nothing(imports: Imports, database_url: str) -> None:
    for verdict in ("migrated", "unchanged"):
        assert verdicts(imports({"visits": [{"id": 0, "reason": "x"}]})) == {"visits": {verdict: 1}}
    async with served(database_url) as http:
        assert (await http.get("/visits/0")).json() == {"id": 0, "reason": "x"}


async def test_a_number_that_no_table_holds_is_refused(imports: Imports, database_url: str) -> None:
    """It would be the end of the whole import."""
    things = [THING | {"pieces": number} for number in (2**53, -(2**53), 2**70, "9007199254740992")]
    assert verdicts(imports({"things": things})) == {"things": {"rejected": 4}}
    async with served(database_url) as http:
        assert [(await http.post("/things", json=thing)).status_code for thing in things] == [400] * 4


def test_ids_are_made_from_the_whole_record_where_no_field_is_named(imports: Imports) -> None:
    one, other = ({"title": title, "status": "draft", "settings": {"a": 1}} for title in "xy")
    content = {"sessions": [one, other, dict(reversed(one.items()))]}
    assert verdicts(imports(content)) == {"sessions": {"migrated": 2, "duplicate": 1}}
    report = imports(content)
    assert verdicts(report) == {"sessions": {"unchanged": 2, "duplicate": 1}}
    assert SESSIONS.made_from is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"patients": [], "pets": 1},
            "the file has no list things or visits or doctors or cases or sessions; it has: ",
        ),
        ({"things": [], "visits": {}}, "visits is an object; a list is wanted"),
        ('{"things": [], "visits": [], "things": []}', "things stands twice in the file"),
    ],
)
def test_a_file_without_what_is_wanted_is_refused(imports: Imports, content: Any, message: str) -> None:
    (error,) = imports(content)["file_errors"]
    assert error["message"].startswith(message)


def test_a_table_that_is_missing_is_told_before_anything_is_read(database_url: str, tmp_path: Path) -> None:
    steps = list[Step]()
    (source := tmp_path / "db.json").write_text(text(NEIGHBOURS))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE cases RENAME TO elsewhere")
        try:
            report = import_file(source, database_url, EVERY, progress=steps.append)
        finally:
            connection.execute("ALTER TABLE elsewhere RENAME TO cases")
    assert (report.sentence, steps) == ("the database has no cases table yet; run: alembic upgrade head", [])


def test_a_database_that_changes_what_it_is_given_is_found_out_in_every_collection(
    imports: Imports, table: Table
) -> None:
    with trigger(table, "BEFORE INSERT ON visits", "NEW.ticket := NULL; RETURN NEW;"):
        assert imports(NEIGHBOURS)["failure"].startswith("verification: ")
        assert table.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_a_file_of_many_collections_is_as_well_told_as_one(imports: Imports) -> None:
    content: dict[str, list[Any]] = {
        "visits": [{"id": n, "reason": f"r{n}"} for n in range(1, 2001)],
        "things": [THING | {"id": f"t{n}"} for n in range(2000)],
    }
    content["things"][1500] = THING | {"id": "t7"}
    content["visits"][1999] = {"id": 5, "reason": "twice"}
    report = imports(content)
    lines = text(content).split("\n")
    for entry in report["records"]:
        (error,) = entry["errors"]
        assert (error["code"], lines[error["line"] - 1].strip()) == ("duplicate", f'"id": {json.dumps(entry["id"])},')
    assert [entry["pointer"] for entry in report["records"]] == ["/visits/1999", "/things/1500"]
