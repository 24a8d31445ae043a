"""The journal: every change of every record, with its author, in the transaction that makes it.

Triggers write it, so that psql, imports and migrations are on record too. They fire once a statement: a hundred rows
cost a fraction of what a hundred triggers would. `place` and `seq` order the changes as they took effect, whoever
committed first; `docs/architecture.md` says why, under "The journal".
"""

import datetime as dt
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, PrimaryKeyConstraint, Table, text
from sqlalchemy.dialects.postgresql import CHAR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.resource.columns import Base, words
from app.sql import quoted, quoted_text


class Change(Base):
    """One change of one record."""

    __tablename__ = "changes"

    resource: Mapped[str] = mapped_column(words())
    epoch: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    """Raised where a dump was brought into another cluster, whose transactions are numbered anew."""
    place: Mapped[int] = mapped_column(BigInteger)
    """The number of the newest transaction there was; two changes may have the same."""
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """The version of the record after the change."""
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), server_default=text("clock_timestamp()"))
    op: Mapped[str] = mapped_column(CHAR(1))
    """I, U or D."""
    id: Mapped[str] = mapped_column(words())
    who: Mapped[str] = mapped_column(words())
    request: Mapped[str | None] = mapped_column(words())
    old: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The row before, by column; NULL for a new one, or where it was to be forgotten."""

    __table_args__ = (
        PrimaryKeyConstraint("epoch", "place", "seq"),
        Index("changes_id_ix", "resource", "id", "seq"),
    )


TABLE = cast(Table, Change.__table__)

TRIGGER = "journal_insert"  # of every table whose changes are on record, one of five
ANONYMOUS = "anonymous"  # who writes where nobody is asked
IMPORT = "import"  # who writes what a script imports
SIGNED = "app.by"  # a setting of the transaction: who writes, and for which request: {"3e3a": ["key:anna", "4f2c-17"]}
AUTHOR = "app.who"  # a setting: who writes all that is not signed so

# The transaction that waited for another's lock takes its snapshot when that one is over, and so has no lower place:
# with `seq` the changes of one record are in order. Whatever ends later has a place that no snapshot of now reaches.
# The snapshot must be fresh, which is so in a function that is VOLATILE (PostgreSQL 38.7).
_PLACE = "greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)"
_ALL_BY = "coalesce(nullif(current_setting('app.who', true), ''), 'database:' || session_user)"

# The definer's rights: who may change a record need not be able to change what is on record of it. A setting that was
# of a transaction is empty behind it, not NULL.
FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION record_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
#variable_conflict use_variable
DECLARE signed jsonb := nullif(current_setting('app.by', true), '');
BEGIN
  INSERT INTO changes (resource, place, op, id, who, request, old)
  SELECT TG_TABLE_NAME, {_PLACE}, left(TG_OP, 1), r.id::text,
         coalesce(signed -> r.id::text ->> 0, signed -> '' ->> 0, {_ALL_BY}),
         coalesce(signed -> r.id::text ->> 1, signed -> '' ->> 1),
         CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(r.*) END
  FROM touched r;
  RETURN NULL;
END $$""",
    # A new id, which only somebody at a prompt gives: the record is there under it from now on, as a new one.
    f"""
CREATE OR REPLACE FUNCTION record_renamed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  INSERT INTO changes (resource, place, op, id, who) VALUES (TG_TABLE_NAME, {_PLACE}, 'I', NEW.id::text, {_ALL_BY});
  RETURN NULL;
END $$""",
    # TRUNCATE shows no rows: they are read before.
    f"""
CREATE OR REPLACE FUNCTION records_truncated() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  EXECUTE 'INSERT INTO changes (resource, place, op, id, who, old) SELECT $1, $2, ''D'', r.id::text, $3, to_jsonb(r.*)'
    || ' FROM ' || quote_ident(TG_TABLE_SCHEMA) || '.' || quote_ident(TG_TABLE_NAME) || ' r'
    USING TG_TABLE_NAME, {_PLACE}, {_ALL_BY};
  RETURN NULL;
END $$""",
    """
CREATE OR REPLACE FUNCTION journal(records regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  changed text := ' FOR EACH STATEMENT EXECUTE FUNCTION record_changed()';
BEGIN
  EXECUTE 'CREATE OR REPLACE TRIGGER journal_insert AFTER INSERT ON ' || records
    || ' REFERENCING NEW TABLE AS touched' || changed;
  EXECUTE 'CREATE OR REPLACE TRIGGER journal_update AFTER UPDATE ON ' || records
    || ' REFERENCING OLD TABLE AS touched' || changed;
  EXECUTE 'CREATE OR REPLACE TRIGGER journal_delete AFTER DELETE ON ' || records
    || ' REFERENCING OLD TABLE AS touched' || changed;
  EXECUTE 'CREATE OR REPLACE TRIGGER journal_rename AFTER UPDATE OF id ON ' || records
    || ' FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION record_renamed()';
  EXECUTE 'CREATE OR REPLACE TRIGGER journal_truncate BEFORE TRUNCATE ON ' || records
    || ' FOR EACH STATEMENT EXECUTE FUNCTION records_truncated()';
END $$""",
    """
DO $$ BEGIN
  EXECUTE 'ALTER FUNCTION record_changed() SET search_path = ' || quote_ident(current_schema()) || ', pg_temp';
  EXECUTE 'ALTER FUNCTION record_renamed() SET search_path = ' || quote_ident(current_schema()) || ', pg_temp';
  EXECUTE 'ALTER FUNCTION records_truncated() SET search_path = ' || quote_ident(current_schema()) || ', pg_temp';
END $$""",
    # Nobody else gives a table of their own these triggers: what they do with it would be on record as ours.
    "REVOKE EXECUTE ON FUNCTION record_changed(), record_renamed(), records_truncated() FROM PUBLIC",
)
"""What fills the journal: made by the revision that makes the table, and again by 0009, as it is now."""


def journaled(table: str) -> str:
    """SQL that puts every change of a resource's table on record from now on."""
    return f"SELECT journal({quoted_text(quoted(table))})"


# A dump in a cluster that is younger: its places are of the future here.
NEW_EPOCH = """
DO $$
DECLARE newest bigint; latest integer;
BEGIN
  IF to_regclass('changes') IS NULL THEN
    RETURN;
  END IF;
  SELECT epoch, max(place) INTO latest, newest FROM changes GROUP BY epoch ORDER BY epoch DESC LIMIT 1;
  IF newest > greatest(pg_current_xact_id(), pg_snapshot_xmax(pg_current_snapshot()))::text::bigint THEN
    EXECUTE 'ALTER TABLE changes ALTER COLUMN epoch SET DEFAULT ' || (latest + 1);
  END IF;
END $$
"""
