"""The server as a process, some patients in it, and a browser to look at it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.resources import PATIENTS
from tests.chromium import browser, visit
from tests.servers import Server

__all__ = ["browser", "visit"]

# id, patientID, name, age, gender, medicalCondition, lastVisit
_ROWS = [
    ("1", "P001", "Zoë Ångström", 45, "Female", "Asthma", "2024-01-15"),
    ("3e3a", "P002", "José Núñez", 62, "Male", "Type 2 Diabetes", "2024-02-03"),
    ("a/b c", "P003", '<b>Bold</b> & "quoted"', 34, "Other", "Migraine", "2023-12-31"),
    ("4", "P004", "Ólafur Þór", 58, "Female", "Hypertension", "2024-03-10"),
    ("5", "P005", "李雷", 27, "Male", "Asthma", "2024-06-01"),
    ("6", "P006", "Κώστας Παπαδόπουλος", 40, "Male", "Arthritis", "2022-02-28"),
    ("7", "P007", "Anna", 60, "Female", "Allergic asthma", "2024-05-05"),
]


@pytest.fixture(scope="module")
def server(module_database: str) -> Iterator[Server]:
    with Server.ours(module_database) as running:
        yield running


@pytest.fixture
def patients(database_url: str) -> list[dict[str, Any]]:
    """The only patients there are."""
    columns, places = ", ".join(PATIENTS.columns[1:-1]), ", ".join(["%s"] * len(PATIENTS.fields))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.cursor().executemany(f"INSERT INTO patients ({columns}) VALUES ({places})".encode(), _ROWS)
    return [dict(zip(PATIENTS.fields, row, strict=True)) for row in _ROWS]
