"""A patient on the wire: its fields, their rules and examples. The table's limits come from `models/patient.py`."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, Strict

from app.models.patient import AGE_MAX, PATIENT_ID_LENGTH, TEXT_LENGTH
from app.resource.shapes import DAY, FILLED, Body, whole_number


class PatientReplace(Body):
    """A patient without its id: what PUT sends whole and PATCH in part."""

    patient_id: Annotated[
        str, Field(alias="patientID", min_length=1, max_length=PATIENT_ID_LENGTH, examples=["P001"]), *FILLED
    ]
    name: Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH, examples=["Zoë Ångström"]), *FILLED]
    age: Annotated[int, *whole_number(gt=0, le=AGE_MAX), Field(examples=[45])]
    gender: Annotated[Literal["Male", "Female", "Other"], Field(examples=["Female"])]
    medical_condition: Annotated[
        str,
        Strict(),
        Field(alias="medicalCondition", min_length=1, max_length=TEXT_LENGTH, examples=["Asthma"]),
        *FILLED,
    ]
    last_visit: Annotated[dt.date, *DAY, Field(alias="lastVisit", examples=["2024-01-15"])]
