"""A closer bound for a patient's undeclared fields: a few that are large made every search time out.

Patients that are larger by now keep the bound they were stored under, each by its position, so that they can still be
changed.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME = "patients_extra_size_check"
_RULE = "pg_column_size(extra) <= 4194304"
_BEFORE = "pg_column_size(extra) <= 67108864"
# Joined with nothing, so that it is measured as it is in memory and not as it is stored, compressed.
_LARGER = "SELECT position FROM patients WHERE pg_column_size(extra || '{}'::jsonb) > 4194304 ORDER BY position"


def upgrade() -> None:
    op.execute("LOCK TABLE patients IN SHARE ROW EXCLUSIVE MODE")  # nobody becomes too large meanwhile
    larger = [str(position) for position in op.get_bind().scalars(sa.text(_LARGER))]
    kept = f" OR position IN ({', '.join(larger)}) AND {_BEFORE}" if larger else ""
    _replace(_RULE + kept)


def downgrade() -> None:
    _replace(_BEFORE)


def _replace(rule: str) -> None:
    op.drop_constraint(op.f(_NAME), "patients")
    op.create_check_constraint(op.f(_NAME), "patients", rule)
