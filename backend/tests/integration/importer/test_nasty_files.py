"""Files that grew by hand: what becomes of each record of each, written down before it was run."""

import json

import pytest

from .conftest import Imports, db, record

A, B, C = record(1), record(2), record(3)
TEXT = json.dumps(A, ensure_ascii=False)


def raw(*records: str) -> str:
    """A file of records given as text, for what no JSON writer would write."""
    return '{"patients": [' + ",\n".join(records) + "]}"


def altered(old: str, new: str) -> str:
    """The good record's text with something in it replaced."""
    assert old in TEXT
    return raw(TEXT.replace(old, new))


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


# A file, and what is said of its records one by one: "in" (with "~field:code" where there is a warning), or a verdict
# and all its faults.
VERDICTS: dict[str, tuple[str, list[str]]] = {
    # fields
    "a good record": (db(A), ["in"]),
    "an age in quotes": (db(record(age="45")), ["in ~age:text"]),
    "an age in quotes with a blank": (db(record(age=" 45")), ["rejected age:int_type"]),
    "an age of nothing in quotes": (db(record(age="0")), ["rejected age:greater_than"]),
    "an age that is almost whole": (db(record(age=45.5)), ["rejected age:int_type"]),
    "an age with an empty fraction": (altered("45", "45.0"), ["in"]),
    "an age with an exponent": (altered("45", "1e2"), ["in"]),
    "an age with a negative exponent": (altered("45", "4500e-2"), ["in"]),
    "an age of true": (db(record(age=True)), ["rejected age:int_type"]),
    "an age of null": (db(record(age=None)), ["rejected age:int_type"]),
    "an age of nothing": (db(record(age=0)), ["rejected age:greater_than"]),
    "a negative age": (db(record(age=-1)), ["rejected age:greater_than"]),
    "the greatest age": (db(record(age=2**31 - 1)), ["in"]),
    "an age too great by one": (db(record(age=2**31)), ["rejected age:less_than_equal"]),
    "an age of 30 digits": (db(record(age=10**30)), ["rejected age:less_than_equal"]),
    "an age of 5000 digits": (altered("45", "9" * 5000), ["rejected age:json"]),
    "an age beyond doubles": (altered("45", "1e400"), ["rejected age:json"]),
    "an age that is no number": (altered("45", "NaN"), ["rejected age:json"]),
    "an infinite age": (altered("45", "-Infinity"), ["rejected age:json"]),
    "a gender in small letters": (db(record(gender="female")), ["rejected gender:literal_error"]),
    "a gender of its own": (db(record(gender="Unknown")), ["rejected gender:literal_error"]),
    "an empty name": (db(record(name="")), ["rejected name:string_too_short"]),
    "a blank name": (db(record(name=" \u3000\ufeff\t")), ["rejected name:blank"]),
    "a padded name": (db(record(name="  Zoë\u00a0")), ["in"]),
    "a name of 255 characters": (db(record(name="x" * 255)), ["in"]),
    "a name of 255 characters beyond the BMP": (db(record(name="😀" * 255)), ["in"]),
    "a name of 256 characters": (db(record(name="x" * 256)), ["rejected name:string_too_long"]),
    "a name of a number": (db(record(name=7)), ["rejected name:string_type"]),
    "a name of a list": (db(record(name=["Zoë"])), ["rejected name:string_type"]),
    "a patientID of 50 characters": (db(record(patientID="é" * 50)), ["in"]),
    "a patientID of 51 characters": (db(record(patientID="x" * 51)), ["rejected patientID:string_too_long"]),
    "a patientID of a number": (db(record(patientID=1)), ["in ~patientID:number"]),
    "a patientID of a whole float": (altered('"P001"', "1e2"), ["in ~patientID:number"]),
    "a patientID of a broken number": (db(record(patientID=1.5)), ["rejected patientID:string_type"]),
    "a patientID of true": (db(record(patientID=True)), ["rejected patientID:string_type"]),
    "numbers as both keys": (db(record(id=7, patientID=7)), ["in ~id:number patientID:number"]),
    "a number as patientID and no id": (db(record(id=..., patientID=7)), ["in ~id:made patientID:number"]),
    "a number and its text as patientIDs": (
        db(record(1, patientID=7), record(2, patientID="7")),
        ["in ~patientID:number", "duplicate patientID:duplicate"],
    ),
    "an escaped quote and line end": (db(record(name='Zoë "Z"\n\t\\N\\.')), ["in"]),
    "an escaped slash": (altered("Asthma", r"Asthma\/COPD"), ["in"]),
    "a name in ASCII escapes": (altered("Zoë", r"Zo\u00eb \ud83d\ude00"), ["in"]),
    "a NUL in a name": (altered("Zoë", r"Zo\u0000"), ["rejected name:character"]),
    "half a character in a name": (altered("Zoë", r"Zo\ud83d"), ["rejected name:string_unicode"]),
    "the other half": (altered("Zoë", r"\ude00"), ["rejected name:string_unicode"]),
    "a control character as it is": (altered("Asthma", "Asth\x01ma"), ["rejected medicalCondition:json"]),
    "a NUL byte in a text": (altered("Asthma", "Asth\0ma"), ["rejected medicalCondition:json"]),
    "a line end within a text": (altered("Asthma", "Asth\nma"), ["rejected medicalCondition:json"]),
    "the 29th of February": (db(record(lastVisit="2024-02-29")), ["in"]),
    "the 29th of February of another year": (db(record(lastVisit="2023-02-29")), ["rejected lastVisit:no_such_day"]),
    "the 31st of April": (db(record(lastVisit="2024-04-31")), ["rejected lastVisit:no_such_day"]),
    "the 13th month": (db(record(lastVisit="2024-13-01")), ["rejected lastVisit:no_such_day"]),
    "the year 0": (db(record(lastVisit="0000-01-01")), ["rejected lastVisit:no_such_day"]),
    "the first day": (db(record(lastVisit="0001-01-01")), ["in"]),
    "the last day": (db(record(lastVisit="9999-12-31")), ["in"]),
    "a date without zeros": (db(record(lastVisit="2024-1-5")), ["rejected lastVisit:date"]),
    "a date without hyphens": (db(record(lastVisit="20240115")), ["rejected lastVisit:date"]),
    "a date with a time": (db(record(lastVisit="2024-01-15T00:00:00Z")), ["rejected lastVisit:date"]),
    "a date as a number": (db(record(lastVisit=1705276800)), ["rejected lastVisit:date"]),
    "a date in other digits": (db(record(lastVisit="２０２４-01-15")), ["rejected lastVisit:date"]),
    "a date with a blank": (db(record(lastVisit="2024-01-15 ")), ["rejected lastVisit:date"]),
    "missing fields": (db(record(age=..., name=...)), ["rejected name:missing age:missing"]),
    "all fields wrong": (
        db({"id": [], "patientID": None, "name": 1, "age": "x", "gender": 0, "medicalCondition": {}, "lastVisit": []}),
        [
            "rejected patientID:string_type name:string_type age:int_type gender:literal_error "
            "medicalCondition:string_type lastVisit:date id:string_type"
        ],
    ),
    # ids
    "a number as id": (db(record(id=7)), ["in ~id:number"]),
    "a whole float as id": (altered('"1"', "7.0"), ["in ~id:number"]),
    "a negative id": (db(record(id=-7)), ["in ~id:number"]),
    "a broken number as id": (db(record(id=7.5)), ["rejected id:string_type"]),
    "a number too great to be an id": (db(record(id=2**53)), ["rejected id:string_type"]),
    "true as id": (db(record(id=True)), ["rejected id:string_type"]),
    "null as id": (db(record(id=None)), ["in ~id:made"]),
    "no id": (db(record(id=...)), ["in ~id:made"]),
    "an empty id": (db(record(id="")), ["in ~id:made"]),
    "false as id": (db(record(id=False)), ["in ~id:made"]),
    "0 as id": (db(record(id=0)), ["in ~id:number"]),
    "a blank id": (db(record(id=" ")), ["in"]),
    "an id of slashes and blanks": (db(record(id="a/b c?#%2F")), ["in"]),
    "an id of 256 characters": (db(record(id="x" * 256)), ["rejected id:string_too_long"]),
    "a number and its text as ids": (
        db(record(1, id=7), record(2, id="7")),
        ["in ~id:number", "duplicate id:duplicate"],
    ),
    "a number as id, twice": (db(record(1, id=7), record(2, id=7)), ["in ~id:number", "duplicate id:duplicate"]),
    "ids in two cases": (db(record(1, id="a"), record(2, id="A")), ["in", "in"]),
    # duplicates
    "the same record twice": (db(A, B, A), ["in", "in", "duplicate id:duplicate patientID:duplicate"]),
    "the same id twice": (db(A, record(2, id="1")), ["in", "duplicate id:duplicate"]),
    "the same patientID twice": (db(A, record(2, patientID="P001")), ["in", "duplicate patientID:duplicate"]),
    "keys of two others": (
        db(A, B, record(3, id="1", patientID="P002")),
        ["in", "in", "duplicate id:duplicate patientID:duplicate"],
    ),
    "a duplicate takes no key": (
        db(A, record(2, id="1"), record(3, patientID="P002"), record(4, id="3")),
        ["in", "duplicate id:duplicate", "in", "duplicate id:duplicate"],
    ),
    "a rejected record takes no key": (db(record(age=0), A), ["rejected age:greater_than", "in"]),
    "one patientID three times, without ids": (
        db(*[record(id=...)] * 3),
        ["in ~id:made", *["duplicate id:duplicate patientID:duplicate"] * 2],
    ),
    "an id that was made, taken before": (
        db(record(1, id="9dbb300e28bc21c8"), record(2, id=..., patientID="")),
        ["in", "rejected patientID:string_too_short"],
    ),
    # shapes
    "records that are none": (
        raw(TEXT, "null", "1", '"x"', "[]", "true", "NaN", '[NaN, "x"]', '"\n"', "{}"),
        ["in", *["rejected None:object"] * 8, "rejected " + " ".join(f"{name}:missing" for name in list(A)[1:])],
    ),
    "a list within the list": (raw(f"[{TEXT}]"), ["rejected None:object"]),
    "a name given twice": (altered('"age"', '"age": 1, "age"'), ["rejected age:repeated"]),
    "a name given twice, the second in escapes": (altered('"age"', r'"ag\u0065": 1, "age"'), ["rejected age:repeated"]),
    "a name given twice, deep inside": (
        altered('"age"', '"more": [{"a": 1, "a": 2}], "age"'),
        ["rejected more:json"],
    ),
    "several kinds of fault": (
        altered('"age": 45', '"age": NaN, "age": "x", "more": 1e999, "name": "\\u0000"'),
        ["rejected name:character age:int_type age:json age:repeated more:json name:repeated"],
    ),
    "undeclared fields": (db(record(allergies=["nuts", {"since": 2020.50}], patient_id=1, position=3)), ["in"]),
    "numbers of many digits": (
        altered('"age"', '"more": [0.1, 1e23, 123456789012345678901234567890, 1e-300], "age"'),
        ["in"],
    ),
    "numbers of more digits than a double has": (
        altered('"age"', '"x": 0.1234567890123456789012, "y": {"z": [1e-400]}, "z": 1.50, "age"'),
        ["in ~x:rounded y:rounded"],
    ),
    "an undeclared field without a name": (db(record(**{"": 1})), ["in"]),
    "a NUL in an undeclared field": (
        altered('"age"', r'"more": {"x": ["\u0000"]}, "age"'),
        ["rejected more:character"],
    ),
    "a NUL in an undeclared name": (altered('"age"', r'"mo\u0000re": 1, "age"'), [r"rejected mo\x00re:character"]),
    "half a character in an undeclared name": (altered('"age"', r'"\ud800": 1, "age"'), [r"rejected \ud800:character"]),
    "an undeclared name of 1,000 characters": (db(record(**{"😀" * 1_000: 1})), ["in"]),
    "an undeclared name of a character more": (db(record(**{"n" * 1_001: 1})), [f"rejected {'n' * 100}…:name"]),
    "5,000 decimals": (altered('"age"', f'"ecg": [{", ".join(["120.5"] * 5_000)}], "age"'), ["in"]),
    "as many values as are kept": (altered('"age"', f'"x": [{", ".join(["1"] * 19_991)}], "age"'), ["in"]),
    "one value more": (altered('"age"', f'"x": [{", ".join(["1"] * 19_992)}], "age"'), ["rejected None:json"]),
    "many more values": (altered('"age"', f'"x": [{", ".join(["{}"] * 100_000)}], "age"'), ["rejected x:json"]),
    "4 MiB of undeclared fields": (altered('"age"', f'"x": "{"é" * (2**21 - 24)}", "age"'), ["in"]),
    "more than 4 MiB": (altered('"age"', f'"x": "{"é" * 2**21}", "age"'), ["rejected None:size"]),
    "more than 4 MiB in two": (
        altered('"age"', f'"x": "{"y" * 3_000_000}", "z": "{"y" * 1_200_000}", "age"'),
        ["rejected None:size"],
    ),
    "a field 90 levels deep": (altered('"age"', f'"more": {nested(90)}, "age"'), ["in"]),
    "a field one level too deep": (altered('"age"', f'"more": {nested(100)}, "age"'), ["rejected None:json"]),
    "a field 100,000 levels deep": (altered('"age"', f'"more": {nested(100_000)}, "age"'), ["rejected more:json"]),
    "a field of 2 MB": (db(record(more="x" * 2_000_000)), ["in"]),
    "fields in another order": (db(*[dict(reversed(r.items())) for r in (A, B, C)]), ["in"] * 3),
    "fields in many orders": (
        db(*[dict([*list(record(n).items())[n % 7 :], *list(record(n).items())[: n % 7]]) for n in range(1, 30)]),
        ["in"] * 29,
    ),
    "bad ones between good ones": (db(A, record(2, age="x"), C), ["in", "rejected age:int_type", "in"]),
    # files
    "no records": (db(), []),
    "a byte order mark": ("\ufeff" + db(A), ["in"]),
    "Windows line ends": (db(A, B).replace("\n", "\r\n"), ["in", "in"]),
    "one line": (json.dumps({"patients": [A, B]}, separators=(",", ":")), ["in", "in"]),
    "blanks everywhere": (
        '\n\n { \t"patients" \r\n:\n[ \n' + TEXT.replace(",", "\n , ").replace("{", "{ \n") + " \n ] \t}\n\n",
        ["in"],
    ),
    "other collections before and after": (
        json.dumps({"doctors": [1, {"a": "}]"}], "patients": [A], "profile": {"patients": 1}, "$schema": "x", "v": 1}),
        ["in"],
    ),
    "a collection's name in escapes": ('{"p\\u0061tients": [' + TEXT + "]}", ["in"]),
}


@pytest.mark.parametrize(("content", "expected"), VERDICTS.values(), ids=VERDICTS)
def test_every_record_gets_its_verdict_and_a_dry_run_says_the_same(
    imports: Imports, content: str, expected: list[str]
) -> None:
    assert imports(content, dry_run=True).told() == expected
    assert imports(content).told() == expected


# A file, and a part of why it cannot be read. ▲ stands before the place the error names, and is not in the file.
UNREADABLE: dict[str, tuple[bytes | str, str]] = {
    "nothing": (b"", "the file is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "the file is empty"),
    "blanks alone": (b" \n \n", "the file is empty"),
    "a list": ("▲" + json.dumps([A]), "the file holds a list"),
    "a text": ('▲"patients"', "the file holds a text"),
    "no JSON at all": ("▲patients: []", "not JSON"),
    "JSON5": ("{▲patients: []}", "property name"),
    "a comment": ("▲// mine\n" + db(A), "not JSON"),
    "a comment between records": (raw(TEXT, "▲/* mine */ " + TEXT), "Expecting value"),
    "no patients": (json.dumps({"doctors": [], "nurses": []}), "no list patients; it has: doctors, nurses"),
    "patients with a capital": (json.dumps({"Patients": [A]}), "no list patients; it has: Patients"),
    "a list whose name nothing can store": (r'{"a\u0000": [], "\udc00": [], "é": []}', r"it has: a\x00, \udc00, é"),
    "an empty object": ("{}", "no list patients"),
    "patients of null": ('{"patients": ▲null}', "patients is null"),
    "patients of an object": ('{"patients": ▲{}}', "patients is an object"),
    "patients of a text": ('{"patients": ▲"[]"}', "patients is a text"),
    "patients of a number": ('{"patients": ▲12}', "patients is a number"),
    "patients of nothing": ('{"patients": ▲]}', "not JSON: Expecting value"),
    "the end before the list": ('{"patients":▲', "the file ends before its JSON does"),
    "patients twice": ('{"patients": [], "patients": ▲[]}', "patients stands twice"),
    "two documents": (db(A) + "\n▲" + db(B), "something follows the end"),
    "newline-delimited records": (TEXT + "\n▲" + TEXT, "something follows the end"),
    "a brace too many": (db(A) + "▲}", "something follows the end"),
    "a comma behind the last record": ('{"patients": [' + TEXT + ",▲]}", "Expecting value"),
    "a comma behind the last collection": ('{"patients": [],▲}', "property name"),
    "no comma between records": (raw(TEXT + " ▲" + TEXT), "Expecting ','"),
    "a comma too many in a record": (altered(": 45,", ": 45,▲,"), "property name"),
    "no comma in a record": (altered("45, ", "45 ▲"), "Expecting ',' delimiter"),
    "no colon in a record": (altered('"age": ', '"age" ▲'), "Expecting ':' delimiter"),
    "a quote that is never closed": (altered('Asthma", "', 'Asthma, "▲'), "Expecting ',' delimiter"),
    "single quotes": (altered('"Asthma"', "▲'Asthma'"), "Expecting value"),
    "a word that is none": (altered("45", "▲None"), "Expecting value"),
    "a number that begins with 0": (altered("45", "0▲45"), "Expecting ',' delimiter"),
    "an escape that is none": (altered("Zoë", r"Zo▲\x"), "Invalid \\escape"),
    "a record closed by the wrong bracket": (raw(TEXT[:-1] + "▲]"), "Expecting '}'"),
    "a record that is not closed": (raw(TEXT[:-1], "▲" + TEXT), "property name"),
    "the end in a record": (raw(TEXT, TEXT)[: len(TEXT) + 40] + "▲", "the file ends before its JSON does"),
    "the end in a text": (raw(TEXT, TEXT)[: len(TEXT) + 24] + "▲", "the file ends before its JSON does"),
    "the end between records": (raw(TEXT, TEXT)[: len(TEXT) + 16] + "▲", "the file ends before its JSON does"),
    "the end before the last brace": (db(A).removesuffix("\n}") + "▲", "the file ends before its JSON does"),
    "an error in another collection": ('{"doctors": [{"a": 1}, {"a" ▲1}], "patients": []}', "Expecting ':'"),
    "an error in another collection's object": ('{"profile": {"a": ▲tru}, "patients": []}', "Expecting value"),
    "an error behind the records": ('{"patients": [' + TEXT + '], "x": [1,▲]}', "Expecting value"),
    "UTF-16": (db(A).encode("utf-16"), "the file is UTF-16;"),
    "UTF-16 without a mark": (db(A).encode("utf-16-le"), "the file is UTF-16;"),
    "UTF-16, big end first": (db(A).encode("utf-16-be"), "the file is UTF-16;"),
    "UTF-16 that begins with a line end": (("\n" + db(A)).encode("utf-16-le"), "the file is UTF-16;"),
    "UTF-16 that begins with a blank, big end first": ((" " + db(A)).encode("utf-16-be"), "the file is UTF-16;"),
    "UTF-32": (db(A).encode("utf-32"), "the file is UTF-32;"),
    "UTF-32, big end first": (db(A).encode("utf-32-be"), "the file is UTF-32;"),
    "UTF-32 without a mark": (db(A).encode("utf-32-le"), "the file is UTF-32;"),
    "zeros, as a crash may leave": ("▲" + "\0" * 512, "not JSON: Expecting value"),
    "the end in a character": (
        db(A).encode()[: db(A).encode().index("ë".encode()) + 1],
        "not JSON: the file ends within a character",
    ),
    "Latin-1": (db(A).encode("latin-1"), "not UTF-8: byte 0xeb (Latin-1 or Windows-1252?)"),
    "half a character in UTF-8": (db(A).encode().replace("ë".encode(), b"\xc3"), "not UTF-8: byte 0xc3"),
    "a surrogate in UTF-8": (db(A).encode().replace("ë".encode(), b"\xed\xa0\x80"), "not UTF-8: byte 0xed"),
    "compressed": (b"\x1f\x8b\x08\x00", "compressed (gzip)"),
    "a NUL between records": (raw(TEXT, "▲\0" + TEXT), "Expecting value"),
    "an error far inside": (db(*map(record, range(3000))).replace('"P2500"', "▲P2500"), "Expecting value"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_db_json_is_refused_with_the_place(
    imports: Imports, content: bytes | str, message: str
) -> None:
    text = content if isinstance(content, str) else ""
    outcome = imports(text.replace("▲", "") or content)
    (error,) = outcome.report["file_errors"]
    assert outcome.report["status"] == "unreadable"
    assert message in error["message"]
    if "▲" in text:
        before = text[: text.index("▲")]
        assert error["line"] == before.count("\n") + 1
        assert error["column"] == len(before) - before.rfind("\n")
        assert error["offset"] == len(before.encode())
