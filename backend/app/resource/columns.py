"""The columns that every table has, and constraints that say a field's rule once more in the database, for everybody.

Constraints are named after the table and the column, so that a refusal says which rule of which field it was.
"""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, MetaData, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.naming import conv

from app.resource.javascript import BLANKS
from app.sql import quoted

ID_LENGTH = 255  # code points
MAX_NUMBER = 2**53 - 1  # as an id; beyond it a JavaScript number no longer names one integer (ECMA-262, 21.1.2.6)
EXTRA_BYTES = 4 << 20  # of undeclared fields, as PostgreSQL holds them in memory; a search reads all of them

_BLANKS_SQL = "E'" + "".join(f"\\u{ord(c):04x}" for c in BLANKS) + "'"


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_name)s_ix",
            "uq": "%(table_name)s_%(column_0_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "pk": "%(table_name)s_pkey",
        }
    )


def words() -> Text:
    """The type of a text: in code points, so that every index serves json-server 0.17's order and no upgrade of the C
    library can spoil one."""
    return Text(collation="C")


class Listed:
    """What a record of any table has beside its id and its own fields: its hidden place in the list (json-server: file
    order; gaps are allowed), and the fields that nobody declared."""

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=False), sort_order=-2)
    extra: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"), sort_order=1)


class Record(Listed):
    """One whose id is a text."""

    id: Mapped[str] = mapped_column(words(), primary_key=True, sort_order=-1)


class NumberedRecord(Listed):
    """One whose id is a number; the table counts, each new one is one above the highest that ever was."""

    id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=False, maxvalue=MAX_NUMBER), primary_key=True, sort_order=-1
    )


_ID_RULES = {True: f"id BETWEEN {-MAX_NUMBER} AND {MAX_NUMBER}", False: f"char_length(id) BETWEEN 1 AND {ID_LENGTH}"}


def rules(table: str, *, numbered: bool = False) -> tuple[SchemaItem, ...]:
    """The constraints of these columns, and the index of the few records with undeclared fields."""
    return (
        UniqueConstraint("position"),
        CheckConstraint(_ID_RULES[numbered], name="id"),
        CheckConstraint("jsonb_typeof(extra) = 'object'", name="extra"),
        CheckConstraint(f"pg_column_size(extra) <= {EXTRA_BYTES}", name=conv(extra_size(table))),
        Index(f"{table}_extra_ix", "position", postgresql_where=text("extra <> '{}'::jsonb")),
    )


def search_indices(table: str) -> tuple[str, str]:
    """The names of what a search has: of all texts, and of those that are not plain as `:similar` looks at them."""
    return f"{table}_search_ix", f"{table}_bare_search_ix"


def is_accelerator(index: str | None) -> bool:
    """Whether an index is made by the migrations where the database has what it takes, and is not part of a model."""
    return (index or "").endswith("_search_ix")


def extra_size(table: str) -> str:
    """The name of the constraint that bounds the undeclared fields of one record."""
    return f"{table}_extra_size_check"


def filled(column: str, length: int) -> CheckConstraint:
    """1..length code points, not blank after JavaScript's trim."""
    text = quoted(column)
    return CheckConstraint(f"char_length({text}) <= {length} AND btrim({text}, {_BLANKS_SQL}) <> ''", name=column)


def bounded(column: str) -> CheckConstraint:
    """No longer than an id, so that it can be the id of another record, and an index holds it."""
    return CheckConstraint(f"char_length({quoted(column)}) <= {ID_LENGTH}", name=column)


def calendar(column: str) -> CheckConstraint:
    """The wire has four-digit years only; PostgreSQL's dates go further both ways, and know infinity."""
    return CheckConstraint(f"{quoted(column)} BETWEEN '0001-01-01' AND '9999-12-31'", name=column)


def indexed(*columns: str) -> tuple[Index, ...]:
    """An index for the filters and the sorting of each."""
    return tuple(Index(None, column, "position") for column in columns)
