"""The patients table.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What JavaScript's trim removes, as it was when this revision was made.
_BLANKS = (
    r"E'\u0009\u000a\u000b\u000c\u000d\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    r"\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'"
)
_INDEXED = ("name", "age", "gender", "medical_condition", "last_visit")


def upgrade() -> None:
    op.create_table(
        "patients",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("patient_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("age", sa.Integer(), nullable=False),
        sa.Column("gender", sa.Text(collation="C"), nullable=False),
        sa.Column("medical_condition", sa.Text(collation="C"), nullable=False),
        sa.Column("last_visit", sa.Date(), nullable=False),
        sa.Column("extra", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="patients_pkey"),
        sa.UniqueConstraint("position", name="patients_position_key"),
        sa.UniqueConstraint("patient_id", name="patients_patient_id_key"),
        _check("id", "char_length(id) BETWEEN 1 AND 255"),
        _check("patient_id", _filled("patient_id", 50)),
        _check("name", _filled("name", 255)),
        _check("medical_condition", _filled("medical_condition", 255)),
        _check("age", "age > 0"),
        _check("gender", "gender IN ('Male', 'Female', 'Other')"),
        _check("last_visit", "last_visit BETWEEN '0001-01-01' AND '9999-12-31'"),
        _check("extra", "jsonb_typeof(extra) = 'object'"),
    )
    for column in _INDEXED:
        op.create_index(f"patients_{column}_ix", "patients", [column, "position"])
    op.create_index("patients_extra_ix", "patients", ["position"], postgresql_where=sa.text("extra <> '{}'::jsonb"))


def downgrade() -> None:
    op.drop_table("patients")


def _check(name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"patients_{name}_check"))


def _filled(column: str, length: int) -> str:
    return f"char_length({column}) <= {length} AND btrim({column}, {_BLANKS}) <> ''"
