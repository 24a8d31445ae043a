"""Imports and what is left of them: the report and the rejected records, until both are pruned."""

import datetime as dt

from sqlalchemy import BigInteger, Boolean, DateTime, ForeignKey, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.resource.columns import Base, words

_NOW = text("clock_timestamp()")


class Import(Base):
    """One import. Whoever works on it says so once a second; who finds it silent may declare it lost."""

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(words(), primary_key=True)
    running: Mapped[bool | None] = mapped_column(Boolean)
    """True until it is over, then NULL: one at a time runs, whichever server works on it."""
    who: Mapped[str] = mapped_column(words())
    dry_run: Mapped[bool] = mapped_column(Boolean)
    all_or_nothing: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    seen: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    """When somebody last worked on it."""
    state: Mapped[str] = mapped_column(words(), server_default="receiving")
    step: Mapped[str | None] = mapped_column(words())
    bytes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Of the file."""
    done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Bytes of this step."""
    total: Mapped[int | None] = mapped_column(BigInteger)
    records: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    detail: Mapped[str | None] = mapped_column(words())
    report: Mapped[dict[str, object] | None] = mapped_column(JSON)
    """With the first entries. Not JSONB, which has no NUL in a text."""

    __table_args__ = (UniqueConstraint("running"), Index(None, "at"))


class File(Base):
    """A piece of a file that an import has left, the whole report or the rejected records."""

    __tablename__ = "import_files"

    import_id: Mapped[str] = mapped_column(words(), ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(words(), primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
