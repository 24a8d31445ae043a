"""An index for searches where the database has trigrams: all texts of a patient.

Revision ID: 0002
Revises: 0001
"""

import logging

from alembic import op
from sqlalchemy.exc import DBAPIError

from app.dialect.collation import DETECT, Collations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

log = logging.getLogger("alembic.runtime.migration")

# As `app.dialect.search_forms` searches; in the collation that it finds at start, too.
_TEXT = "id || E'\\x1f' || patient_id || E'\\x1f' || name || E'\\x1f' || gender || E'\\x1f' || medical_condition"


def upgrade() -> None:
    try:
        with op.get_bind().begin_nested():
            _index_trigrams()
    except DBAPIError:  # not installed, not allowed, not visible: the search is right without it, and slower
        log.info("No trigram index (pg_trgm): a search reads the whole table.")


def _index_trigrams() -> None:
    fold = Collations(*op.get_bind().exec_driver_sql(DETECT.sql).one()).fold
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(
        f'CREATE INDEX patients_search_ix ON patients USING gin (lower(({_TEXT}) COLLATE "{fold}") gin_trgm_ops)'
    )


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS patients_search_ix")
