"""A bound for what a patient's undeclared fields can grow to, change by change.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint(op.f("patients_extra_size_check"), "patients", "pg_column_size(extra) <= 67108864")


def downgrade() -> None:
    op.drop_constraint(op.f("patients_extra_size_check"), "patients")
