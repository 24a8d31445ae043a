"""An index for forgiving searches where the database has trigrams: of patients whose texts are not plain ASCII.

The others are in that of revision 0002, which is made where there were no trigrams then.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

from app.migrating import index_texts

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXTS = r"id || E'\x1f' || patient_id || E'\x1f' || name || E'\x1f' || gender || E'\x1f' || medical_condition"


def upgrade() -> None:
    index_texts({"patients": _TEXTS})


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS patients_bare_search_ix")
