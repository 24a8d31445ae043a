"""The engine's everyday resource: a unique field, a whole number, a choice, texts and a day, all of them required."""

import datetime as dt
from typing import Annotated, Any, Literal, cast

from pydantic import Field
from sqlalchemy import CheckConstraint, Date, Integer, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.resource.columns import Record, calendar, filled, indexed, rules, words
from app.resource.resource import Resource
from app.resource.shapes import DAY, FILLED, Body, whole_number
from tests.engine.declared import Base


class Pet(Record, Base):
    __tablename__ = "pets"

    tag_number: Mapped[str] = mapped_column(words())
    name: Mapped[str] = mapped_column(words())
    age: Mapped[int] = mapped_column(Integer)
    sex: Mapped[str] = mapped_column(words())
    main_food: Mapped[str] = mapped_column(words())
    last_seen: Mapped[dt.date] = mapped_column(Date)

    __table_args__ = (
        *rules("pets"),
        UniqueConstraint("tag_number"),
        filled("tag_number", 50),
        filled("name", 255),
        filled("main_food", 255),
        CheckConstraint("age > 0", name="age"),
        CheckConstraint("sex IN ('Male', 'Female', 'Other')", name="sex"),
        calendar("last_seen"),
        *indexed("name", "age", "sex", "main_food", "last_seen"),
    )


class PetReplace(Body):
    """A pet without its id."""

    tag_number: Annotated[str, Field(alias="tagNumber", min_length=1, max_length=50, examples=["T1"]), *FILLED]
    name: Annotated[str, Field(min_length=1, max_length=255, examples=["Ìfẹ́"]), *FILLED]
    age: Annotated[int, *whole_number(gt=0, le=2**31 - 1), Field(examples=[4])]
    sex: Annotated[Literal["Male", "Female", "Other"], Field(examples=["Female"])]
    main_food: Annotated[str, Field(alias="mainFood", min_length=1, max_length=255, examples=["Hay"]), *FILLED]
    last_seen: Annotated[dt.date, *DAY, Field(alias="lastSeen", examples=["2024-01-15"])]


PETS = Resource("pets", "pet", cast(Table, Pet.__table__), PetReplace)


def pet(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid body without an id; keyword arguments replace fields or add some, `...` leaves one out."""
    fields = {
        "tagNumber": f"P{number:03}",
        "name": "Zoë Ångström",
        "age": 45,
        "sex": "Female",
        "mainFood": "Asthma",
        "lastSeen": "2024-01-15",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}
