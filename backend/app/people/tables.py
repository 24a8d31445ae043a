"""Their tables. The names leave `users` and `sessions` to resources."""

import datetime as dt

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.resource.columns import Base, words

_NOW = text("clock_timestamp()")


class Account(Base):
    """Somebody who may sign in."""

    __tablename__ = "access_users"

    email: Mapped[str] = mapped_column(words(), primary_key=True)
    """In lower case."""
    name: Mapped[str] = mapped_column(words())
    role: Mapped[str] = mapped_column(words())
    password: Mapped[str] = mapped_column(words())
    """As `passwords.hashed` makes it."""
    created: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class Session(Base):
    """One signing in, until it is over."""

    __tablename__ = "access_sessions"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the token, which is nowhere else than with whoever signed in."""
    email: Mapped[str] = mapped_column(words(), ForeignKey("access_users.email", ondelete="CASCADE"))
    used: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    expires: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index(None, "email"), Index(None, "expires"))
