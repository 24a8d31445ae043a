"""The patients table: columns and named constraints. The database holds the rules for everybody, also for psql.

The same limits reach the API through `schemas/patient.py`, which takes the numbers from here.
"""

import datetime as dt
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.naming import conv

ID_LENGTH = 255
PATIENT_ID_LENGTH = 50
TEXT_LENGTH = 255
AGE_MAX = 2**31 - 1
EXTRA_BYTES = 4 << 20  # of undeclared fields, as PostgreSQL holds them in memory; a search reads all of them
GENDERS = ("Male", "Female", "Other")

# What JavaScript's String.prototype.trim removes (ECMA-262, 22.1.3.32). A text of these alone is blank.
BLANKS = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_BLANKS_SQL = "E'" + "".join(f"\\u{ord(c):04x}" for c in BLANKS) + "'"
_COLLATION = "C"  # code points; every index serves json-server 0.17's order, and no libc upgrade can spoil one

EXTRA_SIZE = "patients_extra_size_check"
POSITION_KEY = "patients_position_key"

# Made by the migrations where the database has what it takes; not part of the model.
ACCELERATORS = ("patients_search_ix",)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_name)s_ix",
            "uq": "%(table_name)s_%(column_0_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "pk": "%(table_name)s_pkey",
        }
    )


def _filled(column: str, length: int) -> CheckConstraint:
    """1..length code points, not blank after JavaScript's trim."""
    return CheckConstraint(f"char_length({column}) <= {length} AND btrim({column}, {_BLANKS_SQL}) <> ''", name=column)


class Patient(Base):
    """One patient. `position` is the hidden place in the list (json-server: file order); gaps are allowed."""

    __tablename__ = "patients"

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=False))
    id: Mapped[str] = mapped_column(Text(collation=_COLLATION), primary_key=True)
    patient_id: Mapped[str] = mapped_column(Text(collation=_COLLATION))
    name: Mapped[str] = mapped_column(Text(collation=_COLLATION))
    age: Mapped[int] = mapped_column(Integer)
    gender: Mapped[str] = mapped_column(Text(collation=_COLLATION))
    medical_condition: Mapped[str] = mapped_column(Text(collation=_COLLATION))
    last_visit: Mapped[dt.date] = mapped_column(Date)
    extra: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))

    __table_args__ = (
        UniqueConstraint("position", name=conv(POSITION_KEY)),
        UniqueConstraint("patient_id"),
        CheckConstraint(f"char_length(id) BETWEEN 1 AND {ID_LENGTH}", name="id"),
        _filled("patient_id", PATIENT_ID_LENGTH),
        _filled("name", TEXT_LENGTH),
        _filled("medical_condition", TEXT_LENGTH),
        CheckConstraint("age > 0", name="age"),
        CheckConstraint(f"gender IN ({', '.join(repr(gender) for gender in GENDERS)})", name="gender"),
        # The wire has four-digit years only; PostgreSQL's dates go further both ways, and know infinity.
        CheckConstraint("last_visit BETWEEN '0001-01-01' AND '9999-12-31'", name="last_visit"),
        CheckConstraint("jsonb_typeof(extra) = 'object'", name="extra"),  # none of the fields above
        CheckConstraint(f"pg_column_size(extra) <= {EXTRA_BYTES}", name=conv(EXTRA_SIZE)),
        Index(None, "name", "position"),
        Index(None, "age", "position"),
        Index(None, "gender", "position"),
        Index(None, "medical_condition", "position"),
        Index(None, "last_visit", "position"),
        # The few with undeclared fields.
        Index("patients_extra_ix", "position", postgresql_where=text("extra <> '{}'::jsonb")),
    )


TABLE = cast(Table, Patient.__table__)
