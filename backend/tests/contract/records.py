"""The patients both sides start with: what sorts, folds or compares in some special way, and undeclared fields."""

from typing import Any

_ROWS = [
    ("1", "P001", "Zoë Ångström", 45, "Female", "Asthma", "2024-01-15"),
    ("2", "p001", "zoe angstrom", 62, "Male", "Type 2 diabetes", "2024-02-03"),
    ("3e3a", "P010", "Émile O'Brien", 34, "Male", "Migraine", "2023-12-31"),
    ("007", "P009", "emile obrien", 45, "Other", "Asthma", "2024-01-15"),
    ("7", "P100", "Emile OBrien", 7, "Female", "Ménière's disease", "2022-02-28"),
    ("A1", "P-11", "de la Cruz, Ana", 101, "Female", "COPD (stage 2)", "2020-02-29"),
    ("a1", "P_12", "De Marco", 19, "Male", "50% burn", "2021-06-30"),
    ("Ab", "007", "Κώστας Παπαδόπουλος", 33, "Male", "Άσθμα", "2024-06-01"),
    ("aB", "7", "ΚΏΣΤΑΣ", 33, "Other", "asthma_chronic", "2024-06-01"),
    ("b-2", "42", "Дмитрий Иванов", 58, "Male", "Hypertension", "2019-11-05"),
    ("b_2", "P2", "дмитрий", 58, "Male", "hypertension", "2019-11-05"),
    ("c/d", "P20", "李雷", 27, "Female", "过敏", "2023-07-07"),
    ("c d", "P3", "Øyvind Ødegård", 71, "Male", "Arthritis", "2024-03-10"),
    ("c+d", "P30", "Oyvind Odegard", 71, "Male", "arthritis", "2024-03-09"),
    ("c%d", "null", "Ólafur", 5, "Other", "Flu", "2024-12-24"),
    ("é1", "true", "Olafur", 50, "Other", "Flu", "2024-12-25"),
    ("ffff", "1e1", "O.Brien", 45, "Female", "Flu; severe", "2024-01-14"),
    ("9a0c", "10", "O*Brien (the 2nd)", 45, "Female", "a\\b", "2024-01-16"),
    ("10", "P200", "Straße", 88, "Male", "Ödem", "2010-10-10"),
    ("11", "P201", "STRASSE", 89, "Male", "ödem", "2010-10-11"),
    ("20", "Q1", "müller-lüdenscheidt", 46, "Male", "MÜDIGKEIT", "2018-08-08"),
    ("21", "Q2", "Müller", 64, "Female", "Anemia", "2018-08-09"),
    ("22", "Q3", " Space First", 64, "Female", "anemia", "2018-08-08"),
    ("23", "Q4", "Anna  Two", 1, "Female", "Ache\tand pain", "0099-01-01"),
    ("24", "Q5", "Anna", 2147483647, "Other", "Line\nbreak", "9999-12-31"),
    ("25", "Q6", "anna", 45, "Female", "Ångst", "2024-01-15"),
]
_NAMES = ("id", "patientID", "name", "age", "gender", "medicalCondition", "lastVisit")

# By id. Undeclared fields: kept by json-server, and by us.
_UNDECLARED: dict[str, dict[str, Any]] = {
    "1": {"ward": "North", "score": 4.5, "active": True, "tags": ["red", "Blue"], "address": {"city": "Paris"}},
    "2": {"ward": "south", "score": 10, "active": False, "address": {"city": "Oslo"}},
    "3e3a": {"ward": "North", "score": 2, "phone_in": "yes"},
    "007": {"ward": "10", "score": 0},
    # Arrays, objects, and one name for values of every type.
    "7": {"medications": ["Metformin", "Insulin"], "mixed": "Insulin"},
    "A1": {"medications": ["Insulin"], "mixed": ["Insulin"]},
    "a1": {"medications": [], "mixed": []},
    "Ab": {"medications": ["Aspirin, low", None, 5, 1.5, True], "mixed": {"name": "Insulin"}},
    "aB": {"medications": [["Insulin", []], [[1, [2]], {"dose": [{"mg": 5}]}]], "mixed": [{"name": "Insulin"}, 45]},
    "b-2": {"medications": None, "mixed": None},
    "b_2": {"medications": [None], "mixed": 45},
    "c/d": {"medications": "Insulin", "mixed": True},
    "c d": {"medications": {}, "mixed": "45"},
    "c+d": {"medications": ['"x", [y]', "\\", "{\n}"], "mixed": [45]},
    "c%d": {"medications": ["Ünlü", "ünlü"], "mixed": False},
    "é1": {"medications": [0, False, ""], "mixed": ""},
}

PATIENTS: list[dict[str, Any]] = [dict(zip(_NAMES, row, strict=True)) | _UNDECLARED.get(row[0], {}) for row in _ROWS]
