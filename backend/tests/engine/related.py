"""Resources that know one another by their keys: declared as text, whole number or any JSON, or not at all."""

from collections.abc import Sequence
from typing import Annotated, Any

import psycopg
from pydantic import Field
from sqlalchemy import BigInteger, MetaData, NullPool, create_engine, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeEngine

from app.resource import columns
from app.resource.columns import NumberedRecord, Record, indexed, rules, words
from app.resource.ids import NUMBERS, TEXT
from app.resource.resource import Resource
from app.resource.shapes import ANY_JSON, WORDS, Body, whole_number

_Words = Annotated[str, *WORDS]
_Whole = Annotated[int, *whole_number()]


class _Named(Body):
    name: Annotated[_Words | None, Field(examples=["Ada"])] = None


class PatientReplace(_Named):
    doctor_id: Annotated[_Words | None, Field(alias="doctorId", examples=["d1"])] = None


class VisitReplace(_Named):
    patient_id: Annotated[_Whole | None, Field(alias="patientId", examples=[1])] = None
    doctor_id: Annotated[_Words | None, Field(alias="doctorId", examples=["d1"])] = None


class ChildReplace(_Named):
    person_id: Annotated[Any, *ANY_JSON, Field(alias="personId", examples=[1])] = None


def declared(*, numbers: bool) -> list[Resource]:
    """Made anew: some of them have numbers for ids or texts."""

    class Base(DeclarativeBase):
        metadata = MetaData(naming_convention=columns.Base.metadata.naming_convention)

    def resource(path: str, noun: str, body: type[Body], *, counts: bool = False, **keys: TypeEngine[Any]) -> Resource:
        record, ids = (NumberedRecord, NUMBERS) if counts else (Record, TEXT)
        fields = {name: mapped_column(kind, nullable=True) for name, kind in {"name": words(), **keys}.items()}
        scalar = (name for name, kind in keys.items() if not isinstance(kind, JSONB))
        arguments = (*rules(path, numbered=counts), *indexed(*scalar))
        model = type(path, (record, Base), {"__tablename__": path, "__table_args__": arguments, **fields})
        return Resource(path, noun, inspect(model).local_table, body, ids)

    doctor = words()
    return [
        resource("doctors", "doctor", _Named),
        resource("patients", "patient", PatientReplace, counts=numbers, doctor_id=doctor),
        resource("visits", "visit", VisitReplace, patient_id=BigInteger(), doctor_id=doctor),
        resource("sessions", "session", _Named),
        resource("people", "person", _Named, counts=numbers),
        resource("children", "child", ChildReplace, person_id=JSONB()),
    ]


def create_tables(dsn: str, resources: Sequence[Resource]) -> None:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=NullPool)
    resources[0].table.metadata.create_all(engine)
