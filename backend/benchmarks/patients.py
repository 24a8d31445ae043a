"""Made-up patients, the same in each run: as records of db.json and as rows of the table."""

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from app.models.patient import TABLE
from app.resources import PATIENTS

Patient = dict[str, Any]

FIRST = "Aiko Ana Björn Chloé Dara Émile Fatima Grace Hugo Ivan Jürgen Kofi Lena Mateo Noor Olga Priya Quinn Rosa Zoë"
LAST = "Ångström Brown Costa Dubois Evans Fischer García Haddad Ito Jensen Kim López Müller Novák Okafor Ōno Smith Weiß"
GENDERS = ("Male", "Female", "Other")
CONDITIONS = (
    *("Anemia", "Arthritis", "Asthma", "Bronchitis", "Cataract", "Chronic fatigue", "Diabetes type 1", "Eczema"),
    *("Epilepsy", "Fracture", "Gastritis", "Gout", "Heart failure", "Hepatitis B", "Hypertension", "Influenza"),
    *("Migraine", "Osteoporosis", "Pneumonia", "Psoriasis", "Ménière's disease", "Sinusitis", "Tuberculosis"),
)


def make(size: int) -> list[Patient]:
    """That many patients, in list order."""
    dice = random.Random(size)  # noqa: S311 reproducible, not secret
    first, last = FIRST.split(), LAST.split()
    return [
        {
            "id": f"{dice.getrandbits(64):016x}",
            "patientID": f"P{number:06}",
            "name": f"{dice.choice(first)} {dice.choice(last)} {dice.randint(1, 9999)}",
            "age": dice.randint(1, 100),
            "gender": dice.choice(GENDERS),
            "medicalCondition": dice.choice(CONDITIONS),
            "lastVisit": str(date(2020, 1, 1) + timedelta(dice.randrange(2000))),
        }
        for number in range(size)
    ]


def write_db_json(patients: list[Patient], path: Path) -> None:
    path.write_text(json.dumps({"patients": patients}, ensure_ascii=False, indent=2))


def copy_into(dsn: str, patients: list[Patient]) -> None:
    """Into the empty table, with fresh statistics."""
    columns = ", ".join(PATIENTS.columns[1:-1])
    with psycopg.connect(dsn, autocommit=True) as connection:
        with connection.cursor().copy(f"COPY {TABLE.name} ({columns}) FROM STDIN".encode()) as copy:
            for patient in patients:
                copy.write_row([patient[field] for field in PATIENTS.fields])
        connection.execute(f"VACUUM ANALYZE {TABLE.name}".encode())
