"""Who signs in with a password, and their sessions.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    words = sa.Text(collation="C")
    op.create_table(
        "access_users",
        sa.Column("email", words, nullable=False),
        sa.Column("name", words, nullable=False),
        sa.Column("role", words, nullable=False),
        sa.Column("password", words, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("access_users_pkey")),
    )
    op.create_table(
        "access_sessions",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("email", words, nullable=False),
        sa.Column("used", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["email"], ["access_users.email"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash", name=op.f("access_sessions_pkey")),
    )
    op.create_index("access_sessions_email_ix", "access_sessions", ["email"])
    op.create_index("access_sessions_expires_ix", "access_sessions", ["expires"])


def downgrade() -> None:
    op.drop_table("access_sessions")
    op.drop_table("access_users")
