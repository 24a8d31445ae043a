"""Indexes for searches: patients with undeclared fields, and, where there are trigrams, all texts of a patient.

Revision ID: 0002
Revises: 0001
"""

import logging

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from app.jsonserver.collation import DETECT, Collations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

log = logging.getLogger("alembic.runtime.migration")

# As `app.jsonserver.forms` searches; in the collation that it finds at start, too.
_TEXT = "id || E'\\x01' || patient_id || E'\\x01' || name || E'\\x01' || gender || E'\\x01' || medical_condition"


def upgrade() -> None:
    op.create_index("patients_extra_ix", "patients", ["position"], postgresql_where=sa.text("extra <> '{}'::jsonb"))
    try:
        with op.get_bind().begin_nested():
            _index_trigrams()
    except DBAPIError:  # not installed, not allowed, not visible: the search is right without it, and slower
        log.info("No trigram index (pg_trgm): a search reads the whole table.")


def _index_trigrams() -> None:
    fold = Collations(*op.get_bind().exec_driver_sql(DETECT.sql).one()).fold
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(
        f'CREATE INDEX patients_search_ix ON patients USING gin (lower({_TEXT} COLLATE "{fold}") gin_trgm_ops)'
    )


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS patients_search_ix")
    op.drop_index("patients_extra_ix", "patients")
