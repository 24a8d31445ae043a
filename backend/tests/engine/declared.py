"""Resources that only tests serve: one with every kind of field, and those of neighbouring specifications."""

import datetime as dt
from typing import Annotated, Any, Literal, cast

from pydantic import Field
from sqlalchemy import BigInteger, Boolean, Date, Double, MetaData, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.resource import columns
from app.resource.columns import NumberedRecord, Record, calendar, filled, indexed, rules, words
from app.resource.ids import NUMBERS
from app.resource.resource import Resource
from app.resource.shapes import ANY_JSON, DAY, FILLED, TRUTH, WORDS, Body, number, whole_number


class Base(DeclarativeBase):
    """Apart from the served tables: a migration knows nothing of these."""

    metadata = MetaData(naming_convention=columns.Base.metadata.naming_convention)


class Thing(Record, Base):
    __tablename__ = "things"

    word: Mapped[str] = mapped_column(words())
    maybe_word: Mapped[str | None] = mapped_column(words())
    pieces: Mapped[int] = mapped_column(BigInteger)
    maybe_pieces: Mapped[int | None] = mapped_column(BigInteger)
    weight: Mapped[float] = mapped_column(Double)
    maybe_weight: Mapped[float | None] = mapped_column(Double)
    done: Mapped[bool] = mapped_column(Boolean)
    maybe_done: Mapped[bool | None] = mapped_column(Boolean)
    day: Mapped[dt.date] = mapped_column(Date)
    maybe_day: Mapped[dt.date | None] = mapped_column(Date)
    any: Mapped[Any] = mapped_column(JSONB)
    maybe_any: Mapped[Any | None] = mapped_column(JSONB)

    __table_args__ = (*rules("things"), calendar("day"), calendar("maybe_day"), *indexed("word", "pieces"))


class ThingReplace(Body):
    """A thing without its id."""

    word: Annotated[str, *WORDS, Field(examples=["red"])]
    maybe_word: Annotated[Annotated[str, *WORDS] | None, Field(alias="maybeWord", examples=["blue"])] = None
    pieces: Annotated[int, *whole_number(), Field(examples=[3])]
    maybe_pieces: Annotated[Annotated[int, *whole_number()] | None, Field(alias="maybePieces", examples=[4])] = None
    weight: Annotated[float, *number(), Field(examples=[1.5])]
    maybe_weight: Annotated[Annotated[float, *number()] | None, Field(alias="maybeWeight", examples=[2.5])] = None
    done: Annotated[bool, *TRUTH, Field(examples=[True])]
    maybe_done: Annotated[Annotated[bool, *TRUTH] | None, Field(alias="maybeDone", examples=[False])] = None
    day: Annotated[dt.date, *DAY, Field(examples=["2024-01-15"])]
    maybe_day: Annotated[Annotated[dt.date, *DAY] | None, Field(alias="maybeDay", examples=["2024-02-29"])] = None
    any: Annotated[Any, *ANY_JSON, Field(examples=[{"a": [1, "two"]}])]
    maybe_any: Annotated[Any, *ANY_JSON, Field(alias="maybeAny", examples=[["x"]])] = None


class Visit(NumberedRecord, Base):
    __tablename__ = "visits"

    reason: Mapped[str] = mapped_column(words())
    ticket: Mapped[str | None] = mapped_column(words())

    __table_args__ = (*rules("visits", numbered=True), UniqueConstraint("ticket"))


class VisitReplace(Body):
    """A visit without its id."""

    reason: Annotated[str, *WORDS, Field(examples=["a cough"])]
    ticket: Annotated[Annotated[str, *WORDS] | None, Field(examples=["T1"])] = None


class Doctor(Record, Base):
    __tablename__ = "doctors"

    name: Mapped[str] = mapped_column(words())
    fee: Mapped[float] = mapped_column(Double)
    accepting: Mapped[bool] = mapped_column(Boolean)
    since: Mapped[dt.date | None] = mapped_column(Date)

    __table_args__ = (*rules("doctors"), filled("name", 100), calendar("since"))


class DoctorReplace(Body):
    """A doctor without its id."""

    name: Annotated[str, Field(min_length=1, max_length=100, examples=["Dr. Ìfẹ́ Òjó"]), *FILLED]
    fee: Annotated[float, *number(ge=0), Field(examples=[120.5])]
    accepting: Annotated[bool, *TRUTH, Field(examples=[True])]
    since: Annotated[Annotated[dt.date, *DAY] | None, Field(examples=["2020-01-31"])] = None


class Case(Record, Base):
    __tablename__ = "cases"

    case_number: Mapped[str] = mapped_column(words())
    channel: Mapped[str] = mapped_column(words())
    status: Mapped[str] = mapped_column(words())
    category: Mapped[str] = mapped_column(words())
    subcategory: Mapped[str | None] = mapped_column(words())
    sentiment: Mapped[str] = mapped_column(words())
    severity: Mapped[str] = mapped_column(words())
    risk_flag: Mapped[bool] = mapped_column(Boolean)
    needs_review_flag: Mapped[bool] = mapped_column(Boolean)
    business_unit: Mapped[str] = mapped_column(words())
    summary: Mapped[str] = mapped_column(words())
    customer_name: Mapped[str | None] = mapped_column(words())
    agent_id: Mapped[str | None] = mapped_column(words())
    assigned_to: Mapped[str | None] = mapped_column(words())
    created_at: Mapped[str] = mapped_column(words())
    updated_at: Mapped[str] = mapped_column(words())
    resolved_at: Mapped[str | None] = mapped_column(words())
    metadata_: Mapped[Any] = mapped_column("metadata", JSONB)

    __table_args__ = (*rules("cases"), UniqueConstraint("case_number"), *indexed("status", "created_at"))


_Words = Annotated[str, *WORDS]


class CaseReplace(Body):
    """A case without its id."""

    case_number: Annotated[str, *FILLED, Field(alias="caseNumber", examples=["C-1"])]
    channel: Annotated[Literal["phone", "email", "chat"], Field(examples=["email"])]
    status: Annotated[Literal["open", "pending", "resolved"], Field(examples=["open"])]
    category: Annotated[_Words, Field(examples=["billing"])]
    subcategory: Annotated[_Words | None, Field(examples=["refund"])] = None
    sentiment: Annotated[Literal["negative", "neutral", "positive"], Field(examples=["neutral"])]
    severity: Annotated[Literal["high", "low", "medium"], Field(examples=["low"])]
    risk_flag: Annotated[bool, *TRUTH, Field(alias="riskFlag", examples=[False])]
    needs_review_flag: Annotated[bool, *TRUTH, Field(alias="needsReviewFlag", examples=[True])]
    business_unit: Annotated[_Words, Field(alias="businessUnit", examples=["north"])]
    summary: Annotated[_Words, Field(examples=["asks about a bill"])]
    customer_name: Annotated[_Words | None, Field(alias="customerName", examples=["A. Person"])] = None
    agent_id: Annotated[_Words | None, Field(alias="agentId", examples=["a1"])] = None
    assigned_to: Annotated[_Words | None, Field(alias="assignedTo", examples=["team"])] = None
    created_at: Annotated[_Words, Field(alias="createdAt", examples=["2024-05-01T10:00:00Z"])]
    updated_at: Annotated[_Words, Field(alias="updatedAt", examples=["2024-05-01T10:00:00Z"])]
    resolved_at: Annotated[_Words | None, Field(alias="resolvedAt", examples=["2024-05-02T10:00:00Z"])] = None
    metadata: Annotated[Any, *ANY_JSON, Field(examples=[{"tags": ["a"]}])]


class Session(Record, Base):
    __tablename__ = "sessions"

    title: Mapped[str] = mapped_column(words())
    status: Mapped[str] = mapped_column(words())
    settings: Mapped[Any] = mapped_column(JSONB)
    started_at: Mapped[str | None] = mapped_column(words())

    __table_args__ = (*rules("sessions"), filled("title", 200))


class SessionReplace(Body):
    """A session without its id."""

    title: Annotated[str, Field(min_length=1, max_length=200, examples=["Morning"]), *FILLED]
    status: Annotated[Literal["active", "completed", "draft"], Field(examples=["draft"])]
    settings: Annotated[Any, *ANY_JSON, Field(examples=[{"volume": 3}])]
    started_at: Annotated[_Words | None, Field(alias="startedAt", examples=["2024-05-01T10:00:00Z"])] = None


def _table(model: type[DeclarativeBase]) -> Table:
    return cast(Table, model.__table__)


THINGS = Resource("things", "thing", _table(Thing), ThingReplace)
DOCTORS = Resource("doctors", "doctor", _table(Doctor), DoctorReplace)
CASES = Resource("cases", "case", _table(Case), CaseReplace)
SESSIONS = Resource("sessions", "session", _table(Session), SessionReplace)
VISITS = Resource("visits", "visit", _table(Visit), VisitReplace, NUMBERS)
EVERY = (THINGS, VISITS, DOCTORS, CASES, SESSIONS)
