"""Whether a supplier was met before is asked by the supplier's part of a document's business key.

Revision ID: known_suppliers
Revises: forget_answers
Create Date: 2026-11-22 12:00
"""

from __future__ import annotations

from alembic import op

revision = "known_suppliers"
down_revision = "forget_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(
        "create index ix_document_supplier on document (client_id, split_part(business_key, '|', 1))"
        " where business_key is not null and state = 'posted'"
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop index ix_document_supplier")
