"""The patients table: its own columns and named constraints.

The same limits reach the API through `schemas/patient.py`, which takes the numbers from here.
"""

import datetime as dt
from typing import cast

from sqlalchemy import CheckConstraint, Date, Integer, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.resource.columns import Base, Record, calendar, filled, indexed, rules, words

PATIENT_ID_LENGTH = 50
TEXT_LENGTH = 255
AGE_MAX = 2**31 - 1
GENDERS = ("Male", "Female", "Other")


class Patient(Record, Base):
    """One patient."""

    __tablename__ = "patients"

    patient_id: Mapped[str] = mapped_column(words())
    name: Mapped[str] = mapped_column(words())
    age: Mapped[int] = mapped_column(Integer)
    gender: Mapped[str] = mapped_column(words())
    medical_condition: Mapped[str] = mapped_column(words())
    last_visit: Mapped[dt.date] = mapped_column(Date)

    __table_args__ = (
        *rules("patients"),
        UniqueConstraint("patient_id"),
        filled("patient_id", PATIENT_ID_LENGTH),
        filled("name", TEXT_LENGTH),
        filled("medical_condition", TEXT_LENGTH),
        CheckConstraint("age > 0", name="age"),
        CheckConstraint(f"gender IN ({', '.join(repr(gender) for gender in GENDERS)})", name="gender"),
        calendar("last_visit"),
        *indexed("name", "age", "gender", "medical_condition", "last_visit"),
    )


TABLE = cast(Table, Patient.__table__)
