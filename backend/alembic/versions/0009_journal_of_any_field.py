"""The journal of a table whose fields are called as something is in the function that writes it: `signed`, `r`.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from app.resource.journal import FUNCTIONS

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for sql in FUNCTIONS:
        op.execute(sql)


def downgrade() -> None:
    """What was there before did the same, where it did not fail."""
