"""Imports that are asked for over HTTP.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")
_NONE = sa.text("0")


def upgrade() -> None:
    words = sa.Text(collation="C")
    op.create_table(
        "imports",
        sa.Column("id", words, nullable=False),
        sa.Column("running", sa.Boolean(), nullable=True),
        sa.Column("who", words, nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("seen", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("state", words, server_default="receiving", nullable=False),
        sa.Column("step", words, nullable=True),
        sa.Column("bytes", sa.BigInteger(), server_default=_NONE, nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=_NONE, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("records", sa.BigInteger(), server_default=_NONE, nullable=False),
        sa.Column("detail", words, nullable=True),
        sa.Column("report", JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("imports_pkey")),
        sa.UniqueConstraint("running", name=op.f("imports_running_key")),
    )
    op.create_index("imports_at_ix", "imports", ["at"])
    op.create_table(
        "import_files",
        sa.Column("import_id", words, nullable=False),
        sa.Column("name", words, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "name", "part", name=op.f("import_files_pkey")),
    )


def downgrade() -> None:
    op.drop_table("import_files")
    op.drop_table("imports")
