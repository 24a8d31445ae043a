"""The journal: every change of every record, with its author.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.resource.journal import FUNCTIONS, journaled

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = sa.Text(collation="C")
    op.create_table(
        "changes",
        sa.Column("resource", words, nullable=False),
        sa.Column("epoch", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("op", postgresql.CHAR(1), nullable=False),
        sa.Column("id", words, nullable=False),
        sa.Column("who", words, nullable=False),
        sa.Column("request", words, nullable=True),
        sa.Column("old", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "place", "seq", name=op.f("changes_pkey")),
    )
    op.create_index("changes_id_ix", "changes", ["resource", "id", "seq"])
    for sql in (*FUNCTIONS, journaled("patients")):
        op.execute(sql)


def downgrade() -> None:
    for operation in ("insert", "update", "delete", "rename", "truncate"):
        op.execute(f"DROP TRIGGER journal_{operation} ON patients")
    op.execute("DROP FUNCTION journal(regclass), record_changed(), record_renamed(), records_truncated()")
    op.drop_table("changes")
